// The programs that are held to the processor's results: each gives numbers, in an order that does not depend on the device.
import { createRng } from '@expctr/core';
import { loadCausalLM, type CausalLM } from '@expctr/llm-lora';
import { testbedModel } from '@expctr/testbed';
import { adamw, type FrozenFormat } from '@expctr/tfjs-backend-onnx';
import { deepFm } from '../backends/steps.js';
import { meanCrossEntropy } from '../common/cross-entropy.js';

/** A program, and how far its numbers may be from the processor's, relative to the largest of them. */
export interface Program {
  readonly name: string;
  readonly bound: number;
  readonly run: () => Promise<number[]>;
}

const STEPS = 3;
const ROWS = { prompts: 4, prompt: 40, response: 12 };

/** Prompts and responses of random tokens. */
function rows(policy: CausalLM): { prompts: number[][]; responses: number[][]; scalars: { tokens: number } } {
  const rng = createRng('webgpu');
  const tokens = (length: number): number[] => Array.from({ length }, () => 3 + rng.int(policy.config.vocabularySize - 3));
  const each = (length: number): number[][] => Array.from({ length: ROWS.prompts }, () => tokens(length));
  return { prompts: each(ROWS.prompt), responses: each(ROWS.response), scalars: { tokens: ROWS.prompts * ROWS.response } };
}

async function withPolicy<T>(weights: FrozenFormat, use: (policy: CausalLM) => Promise<T>): Promise<T> {
  const policy = await loadCausalLM(await testbedModel(), { weights, lora: { rank: 4, alpha: 8, targetModules: ['q_proj', 'v_proj'] } });
  try {
    policy.adapters.create('mine', createRng('adapter'));
    return await use(policy);
  } finally {
    await policy.dispose();
  }
}

/** LoRA steps: the losses before them, and the adapter behind them. */
const steps = (weights: FrozenFormat): Promise<number[]> =>
  withPolicy(weights, async (policy) => {
    const step = await policy.compileStep(meanCrossEntropy, adamw({ learningRate: 1e-2 }), {});
    const losses: number[] = [];
    for (let at = 0; at < STEPS; at += 1) losses.push((await step.run([rows(policy)])).metrics['loss']!);
    await step.dispose();
    const factors = [...policy.adapters.get('mine').tensors.values()].flatMap(({ a, b }) => [...a.data, ...b.data]);
    return [...losses, ...factors];
  });

/** Greedy completions with their log-probabilities: another token changes all that follows. */
const decoding = (weights: FrozenFormat): Promise<number[]> =>
  withPolicy(weights, async (policy) => {
    const made = await policy.generate(rows(policy).prompts, { maxNewTokens: 16, temperature: 0, stopTokenIds: [], seed: [1] });
    return made.flatMap(({ tokens, logProbs }) => [...tokens, ...logProbs]);
  });

const scoring = (): Promise<number[]> =>
  withPolicy('float32', async (policy) => {
    const { prompts, responses } = rows(policy);
    const logProbs = await policy.logProbabilities({ prompts, responses }, 'mine');
    const answers = await policy.scoreAnswers(
      prompts,
      prompts.map(() => [[5], [6, 7]]),
    );
    return [...logProbs, ...answers].flatMap((each) => [...each]);
  });

/** All of them. */
export const PROGRAMS: readonly Program[] = [
  { name: 'a LoRA step, three times', bound: 1e-3, run: () => steps('float32') },
  { name: 'the same with int8 weights', bound: 1e-3, run: () => steps('int8') },
  { name: 'log-probabilities and answers', bound: 1e-4, run: scoring },
  { name: 'decoding, greedy', bound: 1e-4, run: () => decoding('float32') },
  { name: 'decoding with int8 weights', bound: 1e-2, run: () => decoding('int8') },
  { name: 'DeepFM with tables, three steps', bound: 1e-4, run: () => deepFm(STEPS) },
];
