// A LoRA step on a real model (4 x 256 tokens, rank 16 on q and v) in a process of its own, whose peak is its own: a part of
// tools/bench/engine.ts. Arguments: MODEL_FOLDER '{"batchTokens":1024,"recomputeLayers":true}'. Prints MemoryFigures as JSON.
import { createRng } from '@expctr/core';
import { createPolicy, loadCheckpoint, type PolicyLimits } from '@expctr/llm-lora';
import { adamw, useOnnx } from '@expctr/tfjs-backend-onnx';
import { meanCrossEntropy } from '../common/cross-entropy.js';
import { timed } from '../common/measure.js';

/** What the process prints. */
export type MemoryFigures = {
  /** Of the second step. */
  readonly seconds: number;
  readonly gradientNorm: number;
  /** Peak before the step, and in all. */
  readonly loadedGigabytes: number;
  readonly peakGigabytes: number;
};

const [folder = '', limits = '{}'] = process.argv.slice(2);
const peak = (): number => process.resourceUsage().maxRSS / 1e6;
await useOnnx();
const policy = createPolicy(await loadCheckpoint(folder), null, { limits: JSON.parse(limits) as Partial<PolicyLimits> });
const loadedGigabytes = peak();
policy.adapters.create('adapter', createRng(1));
const rng = createRng(2);
const text = (length: number): number[] => Array.from({ length }, () => 5 + rng.int(40_000));
const step = await policy.compileStep(meanCrossEntropy, adamw({ learningRate: 1e-4 }), {});
const rows = Array.from({ length: 4 }, () => ({ prompt: text(1), response: text(255) }));
const batch = {
  prompts: rows.map(({ prompt }) => prompt),
  responses: rows.map(({ response }) => response),
  scalars: { tokens: 4 * 255 },
};
const first = await step.run([batch]);
const { milliseconds } = await timed(() => step.run([batch]));
const figures: MemoryFigures = {
  seconds: milliseconds / 1000,
  gradientNorm: first.gradientNorm,
  loadedGigabytes,
  peakGigabytes: peak(),
};
console.log(JSON.stringify(figures));
process.exit(0);
