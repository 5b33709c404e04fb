// A language model with its frozen weights kept in one form: a part of tools/bench/weights.ts. Arguments: MODEL FORMAT STEPS RECOMPUTE [FILE].
// Prints WeightsFigures as JSON; FILE then holds log-probabilities and the gradient of an adapter, float32, one after the other. Without
// FILE the model is a random one: it is trained on random tokens, and nothing is compared.
import { writeFile } from 'node:fs/promises';
import { createRng } from '@expctr/core';
import { loadCausalLM } from '@expctr/llm-lora';
import { adamw, sgd, useOnnx, type FrozenFormat } from '@expctr/tfjs-backend-onnx';
import { meanCrossEntropy } from '../common/cross-entropy.js';
import { mean, median, timed } from '../common/measure.js';
import { prose } from '../common/prose.js';

/** What a process prints. */
export interface WeightsFigures {
  readonly loadSeconds: number;
  /** Resident once the model is loaded, and at most. */
  readonly keptGigabytes: number;
  readonly peakGigabytes: number;
  readonly stepSeconds: number;
  /** Loss in nats a token at the first step, and the mean of the last ten. */
  readonly firstLoss: number;
  readonly lastLoss: number;
  /** Numbers of FILE that are log-probabilities; the rest is the gradient. */
  readonly logProbs: number;
}

const [model = '', format = '', steps = '', recompute = '', file = ''] = process.argv.slice(2);
await useOnnx();
const { result: policy, milliseconds: loading } = await timed(() =>
  loadCausalLM(model, {
    weights: format as FrozenFormat,
    lora: { rank: 16, alpha: 32 },
    limits: { recomputeLayers: recompute === 'true' },
  }),
);
const keptGigabytes = process.memoryUsage().rss / 1e9;

const text = file === '' ? randomTokens(100_000) : await prose(policy.tokenizer);
const [PROMPT, RESPONSE, ROWS] = [16, 112, 2];
const rowsAt = (first: number, count: number): { prompts: number[][]; responses: number[][]; scalars: { tokens: number } } => {
  const starts = Array.from({ length: count }, (_, row) => ((first + row) * (PROMPT + RESPONSE)) % (text.length - PROMPT - RESPONSE));
  return {
    prompts: starts.map((start) => text.slice(start, start + PROMPT)),
    responses: starts.map((start) => text.slice(start + PROMPT, start + PROMPT + RESPONSE)),
    scalars: { tokens: count * RESPONSE },
  };
};

const compared = file === '' ? 0 : await writeComparison();
policy.adapters.create('learned', createRng(1));
policy.adapters.activate('learned');
const step = await policy.compileStep(meanCrossEntropy, adamw({ learningRate: 5e-4 }), {});
const losses: number[] = [];
const seconds: number[] = [];
for (let at = 0; at < Number(steps); at += 1) {
  const { result, milliseconds } = await timed(() => step.run([rowsAt(8 + ROWS * at, ROWS)]));
  losses.push(result.metrics['loss']!);
  seconds.push(milliseconds / 1000);
}
const figures: WeightsFigures = {
  loadSeconds: loading / 1000,
  keptGigabytes,
  peakGigabytes: process.resourceUsage().maxRSS / 1e6,
  stepSeconds: median(seconds.slice(1)),
  firstLoss: losses[0]!,
  lastLoss: mean(losses.slice(-10)),
  logProbs: compared,
};
console.log(JSON.stringify(figures));
process.exit(0);

function randomTokens(count: number): number[] {
  const rng = createRng(3);
  return Array.from({ length: count }, () => rng.int(policy.config.vocabularySize));
}

/** Writes what two forms are compared by; gives back how many log-probabilities it is. */
async function writeComparison(): Promise<number> {
  const held = rowsAt(0, 8);
  const logProbs = (await policy.logProbabilities(held, null)).flatMap((row) => [...row]);
  const noise = createRng(2);
  policy.adapters.create('probe', createRng(1));
  const { config, tensors } = policy.adapters.get('probe');
  const moved = [...tensors].map(([path, { a, b }]) => [path, { a, b: { ...b, data: b.data.map(() => 0.01 * noise.normal()) } }] as const);
  policy.adapters.set('probe', { config, tensors: new Map(moved) });
  const probe = await policy.compileStep(meanCrossEntropy, sgd({ learningRate: 1 }), {});
  await probe.run([held]);
  await probe.dispose();
  const gradient = [...policy.adapters.get('probe').tensors].flatMap(([path, pair]) => {
    const before = new Map(moved).get(path)!;
    return (['a', 'b'] as const).flatMap((key) => [...pair[key].data].map((value, at) => before[key].data[at]! - value));
  });
  await writeFile(file, Float32Array.from([...logProbs, ...gradient]));
  return logProbs.length;
}
