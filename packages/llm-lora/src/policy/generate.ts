import { createRng } from '@expctr/core';
import type { Sampler, SamplingOptions, TokenIds } from '@expctr/language-model';
import { bucketRows } from '@expctr/tfjs-backend-onnx';
import { bucketCache } from './buckets.js';
import type { PolicyContext } from './context.js';
import { Decoder } from './decode.js';
import { PolicyError } from './errors.js';
import { KeyValueCache } from './key-value-cache.js';
import { DecodeSession, type Job } from './decode-session.js';
import { Prefill } from './prefill.js';
import { PrefixCache } from './prefix-cache.js';
import { checkTexts, keyOf } from './token-ids.js';

/** Sampling with a key-value cache: slots that a finished sequence leaves are filled with the next prompt. */
export function createGenerate(context: PolicyContext): Sampler['generate'] {
  const prefill = new Prefill(context);
  const decoder = new Decoder(context);
  const prefixes = new PrefixCache(context);

  return async (prompts, options) => {
    checkOptions(options, prompts.length);
    checkTexts(prompts, 'prompt', context.weights.config, options.maxNewTokens);
    if (prompts.length === 0) return [];
    options.signal?.throwIfAborted();
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

function jobsOf(prompts: readonly TokenIds[], { completionsPerPrompt = 1, seed, keys }: SamplingOptions): Job[] {
  return prompts.flatMap((prompt, promptIndex) => {
    const key = keyOf(prompt);
    return Array.from({ length: completionsPerPrompt }, (_, completion): Job => {
      const stream = createRng([...seed, keys?.[promptIndex] ?? promptIndex, completion]);
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

function checkOptions(
  { maxNewTokens, temperature = 1, topK = 1, topP = 1, completionsPerPrompt = 1, keys }: SamplingOptions,
  prompts: number,
): void {
  const wrong = (name: string, value: number, expected: string): PolicyError =>
    new PolicyError('POLICY_OPTION', `${name} is ${value}`, { where: 'generate', expected });
  const whole = { maxNewTokens, topK, completionsPerPrompt };
  for (const [name, value] of Object.entries(whole))
    if (!Number.isInteger(value) || value < 1) throw wrong(name, value, 'a whole number from 1');
  if (!(temperature >= 0) || temperature === Infinity) throw wrong('temperature', temperature, 'a number from 0 (greedy)');
  if (!(topP > 0 && topP <= 1)) throw wrong('topP', topP, 'a number above 0, at most 1');
  if (keys !== undefined && keys.length !== prompts) throw wrong('the number of keys', keys.length, `${prompts}, one for each prompt`);
}
