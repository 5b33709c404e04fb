// One fit of tools/bench/ctr-stream.ts in a process of its own. Arguments: INTERACTIONS.arrow BUFFER_ROWS. Prints StreamFigures.
import { createRng } from '@expctr/core';
import { fitCtr, streamFeatures, type FeatureSchema } from '@expctr/ctr-models';
import { useOnnx } from '@expctr/tfjs-backend-onnx';

/** What a fit prints. */
export interface StreamFigures {
  readonly rows: number;
  /** Seconds of opening, which counts labels, and of the epoch. */
  readonly opening: number;
  readonly epoch: number;
  /** Largest resident set before the work, when all libraries are loaded, and in all. */
  readonly loadedMB: number;
  readonly peakMB: number;
}

const [path = '', bufferRows = ''] = process.argv.slice(2);
const megabytes = (): number => Math.round(process.resourceUsage().maxRSS / 1024);
const hashed = (name: string, buckets: number) => ({ name, vocabulary: [], hash: { buckets, values: 0, shared: 0 } });
const schema: FeatureSchema = {
  version: 'features/1',
  tables: [hashed('user_id', 100_000), hashed('item_id', 100_000)],
  features: ['user_id', 'item_id'].map((name) => ({ kind: 'categorical', name, table: name })),
};
await useOnnx();
const loadedMB = megabytes();
const began = performance.now();
const train = await streamFeatures({ path, schema, where: { split: 'train' }, bufferRows: Number(bufferRows) });
const opened = performance.now();
const model = await fitCtr({ backbone: 'fm', train, options: { epochs: 1, batchSize: 4096 }, rng: createRng(1) });
const ended = performance.now();
await model.dispose();
await train.close();
const seconds = (from: number, to: number): number => Number(((to - from) / 1000).toFixed(2));
const figures: StreamFigures = {
  rows: train.length,
  opening: seconds(began, opened),
  epoch: seconds(opened, ended),
  loadedMB,
  peakMB: megabytes(),
};
console.log(JSON.stringify(figures));
