// What tools/bench/ctr.ts times: DeepFM over random ids, 6 fields of 16 components, 3 layers of 400, batches of 4096.
import { createRng, type Rng } from '@expctr/core';
import type { Features, FeatureSchema } from '@expctr/ctr-models';

export const FIELDS = 6;
export const DIMENSION = 16;
export const HIDDEN = [400, 400, 400];
export const BATCH = 4096;

/** Random ids of tables of `ids` buckets, with random labels. */
export function randomFeatures(rows: number, ids: number, rng: Rng = createRng('bench')): Features {
  const names = Array.from({ length: FIELDS }, (_, f) => `field${f}`);
  const schema: FeatureSchema = {
    version: 'features/1',
    tables: names.map((name) => ({ name, vocabulary: [], hash: { buckets: ids, values: ids, shared: 0 } })),
    features: names.map((name) => ({ kind: 'categorical', name, table: name })),
  };
  const column = () => ({ kind: 'ids' as const, ids: Int32Array.from({ length: rows }, () => 1 + rng.int(ids)) });
  return {
    schema,
    length: rows,
    columns: Object.fromEntries(names.map((name) => [name, column()])),
    labels: Uint8Array.from({ length: rows }, () => rng.int(2)),
  };
}

/** Floating-point operations of the products of a step of one row: forward, and backward to the weights and to what goes in. */
export const FLOP_PER_ROW = [FIELDS * DIMENSION, ...HIDDEN, 1].reduce(
  (sum, width, k, all) => sum + (k === 0 ? 0 : 6 * width * all[k - 1]!),
  0,
);
