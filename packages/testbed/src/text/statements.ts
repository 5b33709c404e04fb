import { createRng } from '@expctr/core';
import type { ItemText } from '@expctr/data';
import { FIELD_COUNT, DOMAINS, valueNames, VALUE_OFFSETS } from '../world/vocabulary.js';
import type { Degree } from './phrases.js';
import { sayClaims } from './wording.js';
import type { CodedClaim } from './writers.js';

/** Two statements on the same item, as the reader check reads them: one speaks for it, one against it. */
export interface StatementPair {
  /** What the statements are about. */
  readonly item: ItemText;
  /** Every reason in it speaks for the item. */
  readonly inFavor: string;
  /** The same reasons, against it. */
  readonly against: string;
}

/** Statements for the reader check. */
export interface TestbedStatements {
  /** Pairs that give reasons only. */
  readonly reasons: readonly StatementPair[];
  /** Pairs that say the outcome. */
  readonly verdicts: readonly StatementPair[];
}

const REASONS = 200;
const VERDICTS = 50;

/**
 * Statements in the words of the testbed for the check whether a reader can read: one to three attributes of an item, all of them
 * for it or all of them against it; and the bare answers. The same at every call.
 */
export function testbedStatements(): TestbedStatements {
  const rng = createRng('testbed statements');
  const names = valueNames(DOMAINS.first);
  const draw = (): { item: ItemText; values: number[] } => {
    const values = Array.from({ length: FIELD_COUNT }, (_, field) => {
      const start = VALUE_OFFSETS[field]!;
      return start + rng.int(VALUE_OFFSETS[field + 1]! - start);
    });
    const attributes = Object.fromEntries(DOMAINS.first.fields.map(({ name }, field) => [name, [names[values[field]!]!]]));
    return { item: { title: '', attributes }, values };
  };
  const reasons = Array.from({ length: REASONS }, () => {
    const { item, values } = draw();
    const named = rng.shuffle(values).slice(0, 1 + rng.int(3));
    const degrees = named.map((): 1 | 2 => (rng.next() < 0.5 ? 1 : 2));
    const all = (sign: 1 | -1): string =>
      sayClaims(
        named.map((value, at): CodedClaim => [value, (sign * degrees[at]!) as Degree]),
        names,
      );
    return { item, inFavor: all(1), against: all(-1) };
  });
  return { reasons, verdicts: Array.from({ length: VERDICTS }, () => ({ item: draw().item, inFavor: 'yes', against: 'no' })) };
}
