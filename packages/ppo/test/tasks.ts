import { createRng } from '@expctr/core';
import type { AlgorithmName, ScoreFunction, UpdateRequest } from '../src/index.js';
import { EOS, bigramPolicy } from './bigram-policy.js';
import { learnerOf, type TestConfig } from './helpers.js';

/** A task that a policy of 128 parameters can learn within seconds. */
export interface Task {
  readonly description: string;
  readonly updates: number;
  readonly prompts: readonly (readonly number[])[];
  readonly config: TestConfig;
  /** Of update `step`. */
  readonly score: (seed: number, step: number) => ScoreFunction;
}

/** The arm that pays best. */
const BEST = 2;

/** What every algorithm can be asked to learn. */
export const TASKS = {
  bandit: {
    description: `one prompt, one token: token ${BEST} pays 1, every other one 0, with noise of deviation 0.2`,
    updates: 24,
    prompts: [[3]],
    config: { maxNewTokens: 1, stopTokenIds: [], completionsPerPrompt: 32, learningRate: 0.06 },
    score: (seed, step) => (completions) => {
      const rng = createRng('bandit').fork(seed, step);
      return Promise.resolve(completions.map(({ tokens }) => (tokens[0] === BEST ? 1 : 0) + 0.2 * rng.normal()));
    },
  },
  copying: {
    description: "five prompts of one token: the share of the response's four tokens that repeat it",
    updates: 20,
    prompts: Array.from({ length: 5 }, (_, token) => [token + 1]),
    config: { maxNewTokens: 4, stopTokenIds: [], completionsPerPrompt: 6, learningRate: 0.25 },
    score: () => (completions) =>
      Promise.resolve(completions.map(({ tokens, prompt }) => tokens.filter((token) => token === prompt[0] && token !== EOS).length / 4)),
  },
} as const satisfies Readonly<Record<string, Task>>;

/** A pull to the reference that leaves room to learn. */
const LIGHT: Partial<Readonly<Record<AlgorithmName, TestConfig>>> = {
  ppo: { klCoefficient: 0.01 },
  rloo: { beta: 0.01 },
  'expert-iteration': { keep: 2 },
  'weighted-sft': { weightTemperature: 0.5 },
};

/** Mean score of each update of a task, before the update learns from it. */
export async function learningCurve(task: Task, algorithm: AlgorithmName, seed: number, config: TestConfig = {}): Promise<number[]> {
  const settings = { missingStopPenalty: 0, microBatchSize: 100, epochs: 1, ...LIGHT[algorithm], ...task.config, ...config };
  const policy = bigramPolicy({ hidden: 16 });
  const { ppo } = await learnerOf(policy, settings, { algorithm, rng: createRng('task').fork(seed) });
  const curve: number[] = [];
  for (let step = 0; step < task.updates; step += 1) {
    const request: UpdateRequest = { prompts: task.prompts, score: task.score(seed, step), step };
    const { completions } = await ppo.update(request);
    curve.push(completions.reduce((sum, { score }) => sum + score!, 0) / completions.length);
  }
  return curve;
}
