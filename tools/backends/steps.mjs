// Two training programs of this project, on whatever tfjs backend is active. Each returns the loss before each step.
import * as tf from '@tensorflow/tfjs';
import { createRng } from '@expctr/core';
import { encodeFeatures, fitCtr, fitSchema } from '@expctr/ctr-models';
import { loadCausalLM } from '@expctr/llm-lora';
import { adam } from '@expctr/tfjs-backend-onnx';

/** DeepFM with its tables and Adam, on one batch of made-up clicks: an epoch is a step. */
export async function deepFm(steps, { rows = 256 } = {}) {
  const rng = createRng('backends');
  const codes = (count) => Int32Array.from({ length: rows }, () => rng.int(count));
  const names = (count) => Array.from({ length: count }, (_, i) => `v${i}`);
  const columns = {
    user: { kind: 'categorical', codes: codes(40), values: names(40) },
    item: { kind: 'categorical', codes: codes(60), values: names(60) },
    genres: {
      kind: 'list',
      offsets: Uint32Array.from({ length: rows + 1 }, (_, i) => 2 * i),
      codes: Int32Array.from({ length: 2 * rows }, () => rng.int(12)),
      values: names(12),
    },
    year: { kind: 'numeric', values: Float32Array.from({ length: rows }, () => rng.normal()) },
  };
  const labels = Uint8Array.from({ length: rows }, (_, i) =>
    Number(columns.year.values[i] + (columns.item.codes[i] % 3) - 1 + rng.normal() > 0),
  );
  const definitions = [
    { kind: 'categorical', name: 'user' },
    { kind: 'categorical', name: 'item' },
    { kind: 'multi-valued', name: 'genres' },
    { kind: 'numeric', name: 'year' },
  ];
  const schema = fitSchema({ definitions, columns, rows: Int32Array.from({ length: rows }, (_, i) => i) });
  const losses = [];
  const model = await fitCtr({
    backbone: 'deepfm',
    train: encodeFeatures({ schema, columns, labels }),
    options: { epochs: steps, batchSize: rows, learningRate: 0.01, backbone: { hidden: [32, 16] } },
    rng: createRng('deepfm'),
    onEpoch: ({ metrics }) => losses.push(metrics['train/logloss']),
  });
  await model.dispose?.();
  return losses;
}

const STORIES = [
  ['Once upon a time, there was', ' a little dog who liked to play in the park.'],
  ['Lily went to', ' the shop with her mom to buy a red ball.'],
];

/** A LoRA adapter of rank 4 on q and v of stories260K, trained on two sentences with Adam. */
export async function lora(steps, { folder }) {
  const model = await loadCausalLM(folder, { lora: { rank: 4, alpha: 8, targetModules: ['q_proj', 'v_proj'] } });
  model.adapters.create('lesson', createRng('lora'));
  const responses = STORIES.map(([, text]) => model.tokenizer.encodeText(text));
  const batch = {
    prompts: STORIES.map(([text]) => model.tokenizer.encode({ form: 'completion', text })),
    responses,
    scalars: { tokens: responses.reduce((sum, { length }) => sum + length, 0) },
  };
  const crossEntropy = ({ logProbs }, { mask, scalars }) => ({
    loss: tf.neg(tf.div(tf.sum(tf.mul(logProbs, mask)), scalars.tokens)),
    metrics: {},
  });
  const step = await model.compileStep(crossEntropy, adam({ learningRate: 0.005 }), {});
  const losses = [];
  for (let i = 0; i < steps; i += 1) losses.push((await step.run([batch])).metrics.loss);
  await step.dispose();
  await model.dispose();
  return losses;
}
