// One measurement of @expctr/llm-lora: our side of tools/bench/llm.ts. Arguments: MODEL_FOLDER WEIGHTS WORK_AS_JSON. Prints a Figure as JSON.
// WEIGHTS other than float32 are those that sampling multiplies by, or those that steps, scoring and reading are given.
import { createRng } from '@expctr/core';
import { createPolicy, loadCheckpoint, loadStoredCheckpoint, loadTokenizer, type Completion, type TokenBatch } from '@expctr/llm-lora';
import { adamw, useOnnx, type FrozenFormat } from '@expctr/tfjs-backend-onnx';
import { meanCrossEntropy } from '../common/cross-entropy.js';
import { fastestSeconds, mean, median } from '../common/measure.js';
import { prose } from '../common/prose.js';
import type { BatchWork, DecodeWork, Figure, PrefillWork, ReadWork, UnevenWork, Work } from './llm-work.js';

type Measured = Omit<Figure, 'gigabytes'>;

const [folder = '', format = '', json = ''] = process.argv.slice(2);
const weights = format as FrozenFormat;
const asked = JSON.parse(json) as Work;
const samples = asked.kind === 'decode' || asked.kind === 'prefill' || asked.kind === 'uneven';
await useOnnx();
const policy = samples
  ? createPolicy(await loadCheckpoint(folder), null, { samplingWeights: weights })
  : createPolicy(await loadStoredCheckpoint(folder, weights));
if (asked.kind !== 'decode' || asked.adapter) policy.adapters.create('adapter', createRng(1));
const rng = createRng(2);
const text = (length: number): number[] => Array.from({ length }, () => 5 + rng.int(40_000));

const generate = (prompts: number[][], maxNewTokens: number, onProgress: (done: number) => void = () => {}): Promise<Completion[]> =>
  policy.generate(prompts, { maxNewTokens, stopTokenIds: [], seed: [3], onProgress });

function rows({ prompts, completions, prompt, response }: BatchWork): TokenBatch {
  const pairs = Array.from({ length: prompts }, () => {
    const shared = text(prompt);
    return Array.from({ length: completions }, () => ({ prompt: shared, response: text(response) }));
  }).flat();
  return {
    prompts: pairs.map((pair) => pair.prompt),
    responses: pairs.map((pair) => pair.response),
    scalars: { tokens: prompts * completions * response },
  };
}

async function decode({ sequences, prompt, tokens, adapter }: DecodeWork): Promise<Measured> {
  const prompts = Array.from({ length: sequences }, () => text(prompt));
  const rates: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const steps: { time: number; done: number }[] = [];
    await generate(prompts, 2 + tokens, (done) => steps.push({ time: performance.now(), done }));
    if (round === 0) continue;
    // tokens are counted: of many sequences, not all are decoded in one step
    steps.slice(1).forEach(({ time, done }, i) => rates.push(((done - steps[i]!.done) * 1000) / (time - steps[i]!.time)));
  }
  return {
    figure: median(rates),
    unit: 'tok/s',
    ...(weights === 'float32' ? {} : { mismatch: await mismatch(prompt, tokens, adapter ? 'adapter' : null) }),
  };
}

/** How far the log-probabilities of what goes on from prose are from those of the weights in float32: mean and largest. */
async function mismatch(prompt: number, tokens: number, adapter: string | null): Promise<[number, number]> {
  const words = await prose(await loadTokenizer(folder));
  const prompts = Array.from({ length: 16 }, (_, at) => words.slice(at * prompt, (at + 1) * prompt));
  const made = await generate(prompts, tokens);
  const exact = await policy.logProbabilities({ prompts, responses: made.map((each) => each.tokens) }, adapter);
  const distances = made.flatMap(({ logProbs }, row) => [...logProbs].map((value, at) => Math.abs(value - exact[row]![at]!)));
  return [mean(distances), Math.max(...distances)];
}

async function uneven({ sequences, shortest, longest, tokens }: UnevenWork): Promise<Measured> {
  const lengthOf = (at: number): number => Math.round(shortest + ((longest - shortest) * at) / (sequences - 1));
  // those of neighbouring lengths do not come one after the other: they are to be brought together
  const prompts = Array.from({ length: sequences }, (_, at) => text(lengthOf((at * 37) % sequences)));
  return { figure: sequences / (await fastestSeconds(2, () => generate(prompts, tokens))), unit: 'texts/s' };
}

async function prefill({ sequences, prompt }: PrefillWork): Promise<Measured> {
  const prompts = Array.from({ length: sequences }, () => text(prompt));
  return { figure: (sequences * prompt) / (await fastestSeconds(3, () => generate(prompts, 1))), unit: 'tok/s' };
}

async function step(work: BatchWork): Promise<Measured> {
  const compiled = await policy.compileStep(meanCrossEntropy, adamw({ learningRate: 1e-4 }), {});
  const batch = rows(work);
  return { figure: await fastestSeconds(4, () => compiled.run([batch])), unit: 's' };
}

async function score(work: BatchWork): Promise<Measured> {
  const batch = rows(work);
  return { figure: await fastestSeconds(4, () => policy.logProbabilities(batch, 'adapter')), unit: 's' };
}

async function read({ texts, prefix, text: length }: ReadWork): Promise<Measured> {
  const common = text(prefix);
  const answers = Array.from({ length: texts }, () => [[3363], [1770]]);
  // other texts each time, as in a run; only what they have in common is kept
  const again = (): Promise<Float32Array[]> =>
    policy.scoreAnswers(
      answers.map(() => [...common, ...text(length)]),
      answers,
    );
  return { figure: texts / (await fastestSeconds(4, again)), unit: 'texts/s' };
}

function measure(work: Work): Promise<Measured> {
  switch (work.kind) {
    case 'decode':
      return decode(work);
    case 'prefill':
      return prefill(work);
    case 'uneven':
      return uneven(work);
    case 'step':
      return step(work);
    case 'score':
      return score(work);
    case 'read':
      return read(work);
  }
}

const measured = await measure(asked);
const figure: Figure = { ...measured, gigabytes: process.resourceUsage().maxRSS / 1e6 };
console.log(JSON.stringify(figure));
process.exit(0);
