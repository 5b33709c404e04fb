import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Claim } from '@expctr/testbed';
import { attributeKey, type Reason, type RowFacts } from '../../src/quality/facts.js';

/** Figures of scipy and scikit-learn, written by tools/oracles/eval_quality.py. */
export interface QualityFixture {
  readonly spearman: { x: number[]; y: number[]; rho: number }[];
  readonly claims: {
    truth: [number, 1 | -1][][];
    claims: [number, 1 | -1][][];
    precision: number;
    recall: number;
    f1: number;
    polarityAccuracy: number;
    signAuc: number;
  };
  readonly trees: { features: number[][]; label: number[]; probability: number[] };
}

export const expected = JSON.parse(await readFile(join(import.meta.dirname, '..', 'fixtures', 'quality.json'), 'utf8')) as QualityFixture;

/** A claim on attribute number `attribute`. */
export const claim = (attribute: number, sign: 1 | -1, strength: 1 | 2 = 1): Claim => ({
  ...{ field: 'field', value: `v${attribute}` },
  ...{ sign, strength },
});

/** Facts of a row whose item has attributes `item` and whose history has `history`. */
export function factsOf(
  reasons: readonly (readonly [attribute: number, sign: 1 | -1, strength?: 1 | 2])[],
  item: readonly number[],
  history: readonly number[] = [],
): RowFacts {
  const key = (attribute: number): string => attributeKey('field', `v${attribute}`);
  const known = [...item, ...history].map(key);
  return {
    reasons: new Map(reasons.map(([attribute, sign, strength = 1]): [string, Reason] => [key(attribute), { sign, strength }])),
    item: item.map(key),
    known: (attribute) => known.includes(attribute),
  };
}
