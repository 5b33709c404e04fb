import { createRng } from '@expctr/core';
import { findBackbone, type BackboneName } from '../src/index.js';
import { historyFeatures, type HistoryFixture } from './history-fixture.js';

/** Rows. */
export const ROWS = 64;
const rng = createRng('every backbone');
/** An array of that length. */
export const many = <T>(length: number, make: (at: number) => T): T[] => Array.from({ length }, (_, at) => make(at));
const some = (most: number, of: number): number[] => many(rng.int(most + 1), () => 1 + rng.int(of));

/** Rows whose label follows from nothing: what is learned is learned by heart. */
const fixture: HistoryFixture = {
  embeddingDimension: 4,
  maxLength: 4,
  rows: { user: 20, item: 20, genre: 5, label: 3 },
  ids: {
    user: many(ROWS, () => 1 + rng.int(19)),
    item: many(ROWS, () => 1 + rng.int(19)),
    genres: many(ROWS, () => some(2, 4)),
    liked: many(ROWS, () => some(3, 19)),
  },
  events: { item: many(40, () => rng.int(20)), genres: many(40, () => some(2, 4)), label: many(40, () => 1 + rng.int(2)) },
  history: many(ROWS, () => many(rng.int(5), () => rng.int(40))),
  labels: many(ROWS, () => rng.int(2)),
};
const numbers = (...shape: number[]) => ({
  shape,
  data: many(
    shape.reduce((a, b) => a * b, 1),
    () => rng.normal(),
  ),
});
/** Ids, sets, numbers, a vector and past events. */
export const features = historyFeatures(fixture, numbers(ROWS), numbers(ROWS, 3));
/** The same without the vector. */
export const without = {
  ...features,
  schema: { ...features.schema, features: features.schema.features.filter(({ name }) => name !== 'z') },
};

/** Sizes at which a graph is made in no time. */
const small: Partial<Record<BackboneName, Record<string, unknown>>> = {
  'logistic-regression': { learningRate: 0.5 }, // a weight for each value, and no more
  xdeepfm: { featureMaps: [4] },
  autoint: { attentionLayers: 1, headUnits: 4 },
  masknet: { blocks: 2, blockUnits: 16, maskUnits: 8 },
  finalmlp: { hidden2: [16], gateUnits: 4, fusionHeads: 2 },
  dien: { interestUnits: 4 },
  bst: { headUnits: 4 },
  sasrec: { headUnits: 4 },
  sim: { headUnits: 4 },
};
/** Options of a backbone and of a fit. */
export const optionsOf = (name: string): Record<string, unknown> => ({
  ...('hidden' in findBackbone(name).options.shape ? { hidden: [16], dropout: 0.1 } : {}),
  ...small[name as BackboneName],
});
