import type { Rng } from '@expctr/core';
import type { HostLora } from '../lora/adapter-store.js';
import { bucketCache, bucketRows } from './buckets.js';
import type { PolicyContext } from './context.js';
import { Decoder } from './decode.js';
import { PolicyError } from './errors.js';
import { KeyValueCache } from './key-value-cache.js';
import { Prefill, type PrefilledPrompt } from './prefill.js';
import { PrefixCache, type Prefix } from './prefix-cache.js';
import { chooseToken } from './sampling.js';
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

/** A completion that is waiting or being decoded. */
interface Job {
  readonly promptIndex: number;
  /** Place in the result. */
  readonly index: number;
  readonly key: string;
  readonly stream: Rng;
  readonly tokens: number[];
  readonly logProbs: number[];
  finishReason: 'stop' | 'length' | null;
}

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
      await new Session({ prefill, decoder, cache, prefix, lora, options, prompts: distinct, progress }).run(members);
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

interface SessionOptions {
  readonly prefill: Prefill;
  readonly decoder: Decoder;
  readonly cache: KeyValueCache;
  readonly prefix: Prefix | null;
  readonly lora: HostLora | null;
  readonly options: SamplingOptions;
  readonly prompts: ReadonlyMap<string, TokenIds>;
  readonly progress: { done: number; readonly most: number };
}

/** The decoding of jobs that share a cache. */
class Session {
  readonly #given: SessionOptions;
  readonly #temperature: number;
  readonly #slots: (Job | null)[];
  readonly #last: Int32Array;
  readonly #ready = new Map<string, PrefilledPrompt>();

  constructor(given: SessionOptions) {
    this.#given = given;
    this.#temperature = given.options.temperature === undefined || given.options.temperature === 0 ? 1 : given.options.temperature;
    this.#slots = new Array<Job | null>(given.cache.slots).fill(null);
    this.#last = new Int32Array(given.cache.slots);
  }

  async run(jobs: readonly Job[]): Promise<void> {
    const waiting = [...jobs];
    const { cache } = this.#given;
    for (;;) {
      const busy = this.#slots.filter((job) => job !== null).length;
      if (busy === 0 && waiting.length === 0) return;
      // a few prompts at a time go through the model nearly as fast as one
      if (waiting.length > 0 && (busy === 0 || cache.slots - busy >= cache.slots / 4)) await this.#fill(waiting);
      await this.#step();
    }
  }

  /** Gives free slots to waiting jobs, sending through the model the prompts that have not been yet. */
  async #fill(waiting: Job[]): Promise<void> {
    const { prefill, cache, prefix, lora, prompts } = this.#given;
    const free = this.#slots.flatMap((job, slot) => (job === null ? [slot] : []));
    const next = waiting.splice(0, free.length);
    const missing = [...new Set(next.map(({ key }) => key))].filter((key) => !this.#ready.has(key));
    const texts = missing.map((key) => prompts.get(key)!);
    const filled = await prefill.run(texts, prefix, lora, this.#temperature);
    missing.forEach((key, index) => this.#ready.set(key, filled[index]!));
    next.forEach((job, index) => {
      const slot = free[index]!;
      const { keyValues, row, length, probabilities } = this.#ready.get(job.key)!;
      cache.clear(slot);
      if (prefix !== null) cache.extend(slot, prefix.keyValues, 0, prefix.tokens.length);
      cache.extend(slot, keyValues, row, length);
      this.#slots[slot] = job;
      this.#take(slot, job, probabilities);
    });
    const wanted = new Set(waiting.map(({ key }) => key));
    for (const key of this.#ready.keys()) if (!wanted.has(key)) this.#ready.delete(key);
  }

  /** One token for each busy slot. */
  async #step(): Promise<void> {
    const { decoder, cache, lora, options, progress } = this.#given;
    if (this.#slots.every((job) => job === null)) return;
    const { probabilities, fresh } = await decoder.step(cache, this.#last, lora, this.#temperature);
    const size = probabilities.shape[1]!;
    this.#slots.forEach((job, slot) => {
      if (job === null) return;
      cache.append(slot, fresh.data as Float32Array);
      this.#take(slot, job, (probabilities.data as Float32Array).subarray(slot * size, (slot + 1) * size));
    });
    options.onProgress?.(progress.done, progress.most);
  }

  /** Draws the next token of a job and frees its slot where that ends it. */
  #take(slot: number, job: Job, probabilities: Float32Array): void {
    const { options, progress, cache } = this.#given;
    const { topK, topP, stopTokenIds, maxNewTokens } = options;
    const token = chooseToken(probabilities, { greedy: options.temperature === 0, topK, topP }, job.stream.next());
    job.tokens.push(token);
    job.logProbs.push(Math.log(probabilities[token]!));
    this.#last[slot] = token;
    progress.done += 1;
    if (stopTokenIds.includes(token)) job.finishReason = 'stop';
    else if (job.tokens.length === maxNewTokens) job.finishReason = 'length';
    if (job.finishReason === null) return;
    this.#slots[slot] = null;
    cache.clear(slot);
  }
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
