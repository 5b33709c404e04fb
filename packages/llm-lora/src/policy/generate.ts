import { createRng } from '@expctr/core';
import type { Completion, Sampler, TokenIds, Tokenizer } from '@expctr/language-model';
import { bucketRows } from '@expctr/tfjs-backend-onnx';
import { bucketCache } from './buckets.js';
import { Constraints } from './constraint/constraints.js';
import type { PolicyContext } from './context.js';
import { Decoder } from './decode.js';
import { Draw, requestOf, type DrawOptions } from './draw.js';
import { KeyValueCache, slotBytes } from './key-value-cache.js';
import { DecodeSession, type Job } from './decode-session.js';
import { penaltiesOf } from './penalties.js';
import { Prefill } from './prefill.js';
import { PrefixCache } from './prefix-cache.js';
import { checkSampling } from './sampling-options.js';
import { checkTexts, keyOf } from './token-ids.js';

/**
 * Sampling with a key-value cache: slots that a finished sequence leaves are filled with the next prompt.
 * @param tokenizer for stop strings and constraints, which are texts; it may throw
 */
export function createGenerate(context: PolicyContext, tokenizer: () => Tokenizer): Sampler['generate'] {
  const prefill = new Prefill(context);
  const decoder = new Decoder(context);
  const prefixes = new PrefixCache(context);
  const constraints = new Constraints(tokenizer, context.weights.config.vocabularySize);

  return async (prompts, options) => {
    checkSampling(options, prompts.length);
    checkTexts(prompts, 'prompt', context.weights.config, options.maxNewTokens);
    const { constraint, stopStrings = [], onCompletion, signal } = options;
    const drawing: DrawOptions = {
      sampling: options,
      penalties: penaltiesOf(options),
      constraint: constraint === undefined ? null : constraints.of(constraint, options),
      tokenizer: stopStrings.length === 0 ? null : tokenizer(),
    };
    if (prompts.length === 0) return [];
    signal?.throwIfAborted();
    const name = options.adapter === undefined ? context.adapters.active || null : options.adapter;
    const lora = await context.lora(name);
    const distinct = new Map(prompts.map((prompt) => [keyOf(prompt), prompt]));
    const prefix = await prefixes.find([...distinct.values()], lora);
    const jobs = jobsOf(prompts, drawing);
    const shared = {
      ...{ prefill, decoder, prefix, lora, prompts: distinct },
      request: requestOf(drawing),
      options,
      progress: { done: 0, most: jobs.length * options.maxNewTokens },
      ended: (job: Job) => onCompletion?.(completionOf(job), job.completion),
    };
    for (const { most, members } of groupBySize(jobs, prompts, options.maxNewTokens, context)) {
      const slots = bucketRows(Math.min(members.length, most));
      await new DecodeSession({ ...shared, cache: new KeyValueCache(context.weights.config, slots) }).run(members);
    }
    return jobs.map(completionOf);
  };
}

function completionOf({ promptIndex, draw }: Job): Completion {
  const { tokens, logProbs, finishReason } = draw;
  return {
    promptIndex,
    tokens: Int32Array.from(tokens),
    logProbs: Float32Array.from(logProbs),
    finishReason: finishReason ?? 'length',
  };
}

function jobsOf(prompts: readonly TokenIds[], drawing: DrawOptions): Job[] {
  const { completionsPerPrompt = 1, seed, keys } = drawing.sampling;
  return prompts.flatMap((prompt, promptIndex) => {
    const key = keyOf(prompt);
    return Array.from({ length: completionsPerPrompt }, (_, completion): Job => {
      const stream = createRng([...seed, keys?.[promptIndex] ?? promptIndex, completion]);
      return { promptIndex, completion, key, draw: new Draw(drawing, prompt, promptIndex, stream) };
    });
  });
}

/** Jobs that share a cache. */
interface Group {
  /** Tokens of a slot once it is full. */
  readonly size: number;
  /** Most slots. */
  readonly most: number;
  readonly members: Job[];
}

/** Jobs by the cache length that they need, the longest prompts first; short ones go with longer ones that do not fill the slots. */
function groupBySize(
  jobs: readonly Job[],
  prompts: readonly TokenIds[],
  maxNewTokens: number,
  { weights: { config }, limits }: PolicyContext,
): Group[] {
  const lengthOf = (job: Job): number => prompts[job.promptIndex]!.length;
  const groups: Group[] = [];
  for (const job of [...jobs].sort((a, b) => lengthOf(b) - lengthOf(a))) {
    const size = bucketCache(lengthOf(job) + maxNewTokens);
    const open = groups.at(-1);
    if (open !== undefined && (open.size === size || open.members.length % open.most !== 0)) {
      open.members.push(job);
      continue;
    }
    const fitting = Math.max(1, limits.cacheBytes / slotBytes(config, size));
    groups.push({ size, most: Math.min(limits.sequences, 2 ** Math.floor(Math.log2(fitting))), members: [job] });
  }
  return groups;
}
