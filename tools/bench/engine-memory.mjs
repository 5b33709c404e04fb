/**
 * A LoRA step on a real model (4 x 256 tokens, rank 16 on q and v) in a process of its own, whose peak is its own:
 * `node engine-memory.mjs MODEL_FOLDER '{"batchTokens":1024,"recomputeLayers":true}'` prints
 * {seconds, gradientNorm, loadedGigabytes, peakGigabytes} as JSON. Part of tools/bench/engine.mjs.
 */
import { createRng } from '../../packages/core/dist/index.js';
import { createPolicy, loadCheckpoint } from '../../packages/llm-lora/dist/index.js';
import { adamw, useOnnx } from '../../packages/tfjs-backend-onnx/dist/index.js';
import * as tf from '@tensorflow/tfjs';

const [folder, limits] = process.argv.slice(2);
const peak = () => process.resourceUsage().maxRSS / 1e6;
await useOnnx();
const policy = createPolicy(await loadCheckpoint(folder), null, { limits: JSON.parse(limits) });
const loadedGigabytes = peak();
policy.adapters.create('adapter', createRng(1));
const rng = createRng(2);
const text = (length) => Array.from({ length }, () => 5 + rng.int(40_000));
const loss = ({ logProbs }, { mask, scalars: { count } }) => ({ loss: tf.neg(tf.div(tf.sum(tf.mul(logProbs, mask)), count)), metrics: {} });
const step = await policy.compileStep(loss, adamw({ learningRate: 1e-4 }), {});
const rows = Array.from({ length: 4 }, () => ({ prompt: text(1), response: text(255) }));
const batch = { prompts: rows.map(({ prompt }) => prompt), responses: rows.map(({ response }) => response), scalars: { count: 4 * 255 } };
const norms = [];
let seconds = Infinity;
for (let round = 0; round < 2; round += 1) {
  const started = performance.now();
  norms.push((await step.run([batch])).gradientNorm);
  seconds = (performance.now() - started) / 1000;
}
console.log(JSON.stringify({ seconds, gradientNorm: norms[0], loadedGigabytes, peakGigabytes: peak() }));
process.exit(0);
