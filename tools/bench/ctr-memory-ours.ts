// One stage of tools/bench/ctr-memory.ts in a process of its own. Arguments: fit IDS OPTIMIZER FOLDER, or load FOLDER. Prints MemoryFigures.
import { createRng } from '@expctr/core';
import { fitCtr, loadCtrModel, type Features, type FitOptions } from '@expctr/ctr-models';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { DIMENSION } from './ctr-work.js';

/** What a stage prints: largest resident set before it and after each part, in MB, and seconds. */
export type MemoryFigures = Readonly<Record<string, { readonly peakMB: number; readonly seconds: number }>>;

/** Of so many ids one occurs: no page of a table or of its state, however it is laid out, is then without. */
const STRIDE = 24;
const figures: Record<string, { peakMB: number; seconds: number }> = {};
const megabytes = (): number => Math.round(process.resourceUsage().maxRSS / 1024);

async function stage<T>(name: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  figures[name] = { peakMB: megabytes(), seconds: Number(((performance.now() - began) / 1000).toFixed(2)) };
  return result;
}

const [what = '', ...rest] = process.argv.slice(2);
await stage('libraries', () => useOnnx());
if (what === 'fit') {
  const [ids = '', tableOptimizer = '', folder = ''] = rest;
  const buckets = Number(ids);
  const rows = Math.ceil(buckets / STRIDE);
  const rng = createRng('memory');
  const features: Features = {
    schema: {
      version: 'features/1',
      tables: [{ name: 'id', vocabulary: [], hash: { buckets, values: buckets, shared: 0 } }],
      features: [{ kind: 'categorical', name: 'id', table: 'id' }],
    },
    length: rows,
    columns: { id: { kind: 'ids', ids: Int32Array.from({ length: rows }, (_, row) => 1 + row * STRIDE) } },
    labels: Uint8Array.from({ length: rows }, () => rng.int(2)),
  };
  const options: FitOptions = { epochs: 1, batchSize: 4096, embeddingDimension: DIMENSION, tableOptimizer: tableOptimizer as 'adam' };
  const model = await stage('fit', () => fitCtr({ backbone: 'fm', train: features, options, rng: createRng(1) }));
  await stage('save', () => model.save(folder));
} else {
  await stage('load', () => loadCtrModel(rest[0]!));
}
console.log(JSON.stringify(figures));
