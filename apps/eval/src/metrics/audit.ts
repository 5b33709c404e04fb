import { createRng } from '@expctr/core';
import { auc, bootstrapOverUsers, percentileInterval } from '@expctr/ctr-models';
import { SLICES, SPLITS, type Explanations, type Interactions } from '@expctr/data';
import { P_LC } from '@expctr/run';
import type { AuditRow } from '../figures/reader.js';
import { definedOr } from '../statistics/defined-or.js';

const sets = ['policy', 'ctr', 'valid', 'test'] as const;

/**
 * AUC of the final policy's p_LC on rows that the policy learned from, on those of the CTR slice, on validation and on test rows.
 * A policy that has learned its rows by heart reads better there than elsewhere.
 *
 * @param final the final policy's explanations: CTR, validation and test rows, and a sample of policy rows
 */
export function auditReader(
  final: Explanations | undefined,
  interactions: Interactions,
  resamples: number,
  seed: string,
): Record<(typeof sets)[number], AuditRow> {
  const rowsOf = new Map(sets.map((set) => [set, [] as { id: number; p: number }[]]));
  final?.interactionId.forEach((id, at) => {
    const p = final.rewards[P_LC]?.[at] ?? Number.NaN;
    const set = setOf(interactions, id);
    if (!Number.isNaN(p) && set !== null) rowsOf.get(set)?.push({ id, p });
  });
  const audit = (set: (typeof sets)[number]): AuditRow => {
    const rows = rowsOf.get(set) ?? [];
    if (rows.length === 0) {
      return { rows: 0, auc: null, aucInterval: null, reason: 'the run has no p_LC of such rows' };
    }
    const label = rows.map(({ id }) => interactions.label[id] ?? 0);
    const scores = rows.map((row) => row.p);
    const area = definedOr(() => auc(label, scores));
    if (area === null) return { rows: rows.length, auc: null, aucInterval: null, reason: 'all these rows have the same label' };
    const user = rows.map(({ id }) => interactions.user[id] ?? 0);
    const draws = bootstrapOverUsers({ label, user }, new Map([[set, scores]]), resamples, createRng(seed).fork('audit', set));
    return { rows: rows.length, auc: area, aucInterval: percentileInterval(draws.get(set)?.auc ?? new Float64Array()) };
  };
  return { policy: audit('policy'), ctr: audit('ctr'), valid: audit('valid'), test: audit('test') };
}

function setOf(interactions: Interactions, id: number): (typeof sets)[number] | null {
  if (id >= interactions.length) return null;
  const split = SPLITS[interactions.split[id] ?? -1];
  return split === 'train' ? (SLICES[interactions.slice[id] ?? -1] ?? null) : (split ?? null);
}
