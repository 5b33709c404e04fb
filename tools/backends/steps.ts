// Two training programs of this project, on whatever tfjs backend is active. Each returns the loss before each step.
import { createRng } from '@expctr/core';
import { encodeFeatures, fitCtr, fitSchema, type FeatureDefinition } from '@expctr/ctr-models';
import { loadCausalLM } from '@expctr/llm-lora';
import { adam } from '@expctr/tfjs-backend-onnx';
import { meanCrossEntropy } from '../common/cross-entropy.js';

/** Rows of the one batch. */
const ROWS = 256;

/** DeepFM with its tables and Adam, on one batch of made-up clicks: an epoch is a step. */
export async function deepFm(steps: number): Promise<number[]> {
  const rng = createRng('backends');
  const codes = (count: number, length = ROWS): Int32Array => Int32Array.from({ length }, () => rng.int(count));
  const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `v${i}`);
  const user = { kind: 'categorical', codes: codes(40), values: names(40) } as const;
  const item = { kind: 'categorical', codes: codes(60), values: names(60) } as const;
  const offsets = Uint32Array.from({ length: ROWS + 1 }, (_, i) => 2 * i);
  const genres = { kind: 'list', offsets, codes: codes(12, 2 * ROWS), values: names(12) } as const;
  const year = { kind: 'numeric', values: Float32Array.from({ length: ROWS }, () => rng.normal()) } as const;
  const columns = { user, item, genres, year };
  const labels = Uint8Array.from({ length: ROWS }, (_, i) => Number(year.values[i]! + (item.codes[i]! % 3) - 1 + rng.normal() > 0));
  const definitions: readonly FeatureDefinition[] = [
    { kind: 'categorical', name: 'user' },
    { kind: 'categorical', name: 'item' },
    { kind: 'multi-valued', name: 'genres' },
    { kind: 'numeric', name: 'year' },
  ];
  const schema = fitSchema({ definitions, columns, rows: Int32Array.from({ length: ROWS }, (_, i) => i) });
  const losses: number[] = [];
  const model = await fitCtr({
    backbone: 'deepfm',
    train: encodeFeatures({ schema, columns, labels }),
    options: { epochs: steps, batchSize: ROWS, learningRate: 0.01, hidden: [32, 16] },
    rng: createRng('deepfm'),
    onEpoch: ({ metrics }) => losses.push(metrics['train/logloss']),
  });
  await model.dispose();
  return losses;
}

const STORIES = [
  ['Once upon a time, there was', ' a little dog who liked to play in the park.'],
  ['Lily went to', ' the shop with her mom to buy a red ball.'],
] as const;

/** A LoRA adapter of rank 4 on q and v of stories260K, trained on two sentences with Adam. */
export async function lora(steps: number, folder: string): Promise<number[]> {
  const model = await loadCausalLM(folder, { lora: { rank: 4, alpha: 8, targetModules: ['q_proj', 'v_proj'] } });
  model.adapters.create('lesson', createRng('lora'));
  const responses = STORIES.map(([, text]) => model.tokenizer.encodeText(text));
  const batch = {
    prompts: STORIES.map(([text]) => model.tokenizer.encode({ form: 'completion', text })),
    responses,
    scalars: { tokens: responses.reduce((sum, { length }) => sum + length, 0) },
  };
  const step = await model.compileStep(meanCrossEntropy, adam({ learningRate: 0.005 }), {});
  const losses: number[] = [];
  for (let i = 0; i < steps; i += 1) losses.push((await step.run([batch])).metrics['loss']!);
  await step.dispose();
  await model.dispose();
  return losses;
}
