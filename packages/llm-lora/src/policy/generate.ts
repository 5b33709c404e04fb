import { bucketRows } from '@expctr/tfjs-backend-onnx';
import type { Rng } from '@expctr/core';
import { bucketCache } from './buckets.js';
import type { PolicyContext } from './context.js';
import { Decoder } from './decode.js';
import { PolicyError } from './errors.js';
import { KeyValueCache } from './key-value-cache.js';
import { DecodeSession, type Job } from './decode-session.js';
import { Prefill } from './prefill.js';
import { PrefixCache } from './prefix-cache.js';
import { checkTexts, keyOf, type TokenIds } from './token-ids.js';

/** How completions are drawn. */
export interface SamplingOptions {
  /** Upper bound of a completion's length in tokens, the stop token included. */
  readonly maxNewTokens: number;
  /** Logits are divided by it before the softmax. Default 1; 0 = greedy. */
  readonly temperature?: number;
  /** Keep only the k most probable tokens. Default: all. */
  readonly topK?: number;
  /** Keep the smallest set of tokens with at least this probability. Default 1: all. */
  readonly topP?: number;
  /** A completion ends with the first of these tokens (which it contains). */
  readonly stopTokenIds: readonly number[];
  /** The stream of a completion is `rng.fork(promptIndex, completionIndex)`: the composition of a batch changes no completion. */
  readonly rng: Rng;
  /** Completions for each prompt. Default 1. */
  readonly completionsPerPrompt?: number;
  /** Which adapter generates. Default: the active one; null = the base model. */
  readonly adapter?: string | null;
  /** Called after each step with the tokens sampled so far and the most that there can be. */
  readonly onProgress?: (done: number, most: number) => void;
}

/** One sampled response. */
export interface Completion {
  /** Index into the prompts given to `generate`. */
  readonly promptIndex: number;
  /** The response alone, without its prompt; its last token is the stop token when `finishReason` is 'stop'. */
  readonly tokens: Int32Array;
  /** Log-probability of each token in nats at the sampling temperature, before top-k and top-p; at temperature 0 that of temperature 1. */
  readonly logProbs: Float32Array;
  /** 'stop': ended by a stop token; 'length': cut at `maxNewTokens`. */
  readonly finishReason: 'stop' | 'length';
}

/** Draws completions; see `LlamaPolicy.generate`. */
export type Generate = (prompts: readonly TokenIds[], options: SamplingOptions) => Promise<Completion[]>;

/** Sampling with a key-value cache: slots that a finished sequence leaves are filled with the next prompt. */
export function createGenerate(context: PolicyContext): Generate {
  const prefill = new Prefill(context);
  const decoder = new Decoder(context);
  const prefixes = new PrefixCache(context);

  return async (prompts, options) => {
    checkOptions(options);
    checkTexts(prompts, 'prompt', context.weights.config, options.maxNewTokens);
    if (prompts.length === 0) return [];
    const name = options.adapter === undefined ? context.adapters.active || null : options.adapter;
    const lora = context.lora(name);
    const distinct = new Map(prompts.map((prompt) => [keyOf(prompt), prompt]));
    const prefix = await prefixes.find([...distinct.values()], lora);
    const jobs = jobsOf(prompts, options);
    const progress = { done: 0, most: jobs.length * options.maxNewTokens };
    for (const { size, members } of groupBySize(jobs, prompts, options.maxNewTokens, context.limits.sequences)) {
      const slots = bucketRows(Math.min(members.length, context.limits.sequences));
      const cache = new KeyValueCache(context.weights.config, slots, size);
      await new DecodeSession({ prefill, decoder, cache, prefix, lora, options, prompts: distinct, progress }).run(members);
    }
    return jobs.map(({ promptIndex, tokens, logProbs, finishReason }) => ({
      promptIndex,
      tokens: Int32Array.from(tokens),
      logProbs: Float32Array.from(logProbs),
      finishReason: finishReason ?? 'length',
    }));
  };
}

function jobsOf(prompts: readonly TokenIds[], { completionsPerPrompt = 1, rng }: SamplingOptions): Job[] {
  return prompts.flatMap((prompt, promptIndex) => {
    const key = keyOf(prompt);
    return Array.from({ length: completionsPerPrompt }, (_, completion): Job => {
      const stream = rng.fork(promptIndex, completion);
      return {
        promptIndex,
        index: promptIndex * completionsPerPrompt + completion,
        key,
        stream,
        tokens: [],
        logProbs: [],
        finishReason: null,
      };
    });
  });
}

/** Jobs by the cache length that they need, the longest prompts first; short ones go with longer ones that do not fill the slots. */
function groupBySize(
  jobs: readonly Job[],
  prompts: readonly TokenIds[],
  maxNewTokens: number,
  slots: number,
): { size: number; members: Job[] }[] {
  const lengthOf = (job: Job): number => prompts[job.promptIndex]!.length;
  const groups: { size: number; members: Job[] }[] = [];
  for (const job of [...jobs].sort((a, b) => lengthOf(b) - lengthOf(a) || a.index - b.index)) {
    const size = bucketCache(lengthOf(job) + maxNewTokens);
    const open = groups.at(-1);
    if (open === undefined || (open.size > size && open.members.length % slots === 0)) groups.push({ size, members: [job] });
    else open.members.push(job);
  }
  return groups;
}

function checkOptions({ maxNewTokens, temperature = 1, topK = 1, topP = 1, completionsPerPrompt = 1 }: SamplingOptions): void {
  const wrong = (name: string, value: number, expected: string): PolicyError =>
    new PolicyError('POLICY_OPTION', `${name} is ${value}`, { where: 'generate', expected });
  const whole = { maxNewTokens, topK, completionsPerPrompt };
  for (const [name, value] of Object.entries(whole))
    if (!Number.isInteger(value) || value < 1) throw wrong(name, value, 'a whole number from 1');
  if (!(temperature >= 0) || temperature === Infinity) throw wrong('temperature', temperature, 'a number from 0 (greedy)');
  if (!(topP > 0 && topP <= 1)) throw wrong('topP', topP, 'a number above 0, at most 1');
}
