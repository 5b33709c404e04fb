import type { SamplingOptions, TokenIds } from '@expctr/language-model';
import type { Rng } from '@expctr/core';
import type { HostLora } from '../lora/lora-store.js';
import type { Decoder } from './decode.js';
import type { KeyValueCache } from './key-value-cache.js';
import type { Prefill, PrefilledPrompt } from './prefill.js';
import type { Prefix } from './prefix-cache.js';
import { checkDistribution } from './check-finite.js';
import { chooseToken } from './sampling.js';

/** A completion that is waiting or being decoded. */
export interface Job {
  readonly promptIndex: number;
  /** Place in the result. */
  readonly index: number;
  readonly key: string;
  readonly stream: Rng;
  readonly tokens: number[];
  readonly logProbs: number[];
  finishReason: 'stop' | 'length' | null;
}

/** What a {@link DecodeSession} works with. */
export interface SessionOptions {
  readonly prefill: Prefill;
  readonly decoder: Decoder;
  readonly cache: KeyValueCache;
  readonly prefix: Prefix | null;
  readonly lora: HostLora | null;
  readonly options: SamplingOptions;
  readonly prompts: ReadonlyMap<string, TokenIds>;
  readonly progress: { done: number; readonly most: number };
}

/** The decoding of jobs that share a cache: a slot that a finished sequence leaves goes to the next one. */
export class DecodeSession {
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
      this.#given.options.signal?.throwIfAborted();
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
    checkDistribution(probabilities, job.promptIndex);
    const token = chooseToken(probabilities, { greedy: options.temperature === 0, topK, topP }, job.stream.next());
    job.tokens.push(token);
    job.logProbs.push(Math.log(probabilities[token]!));
    this.#last[slot] = token;
    progress.done += 1;
    options.onToken?.(token, job.promptIndex, job.index - job.promptIndex * (options.completionsPerPrompt ?? 1));
    if (stopTokenIds.includes(token)) job.finishReason = 'stop';
    else if (job.tokens.length === maxNewTokens) job.finishReason = 'length';
    if (job.finishReason === null) return;
    this.#slots[slot] = null;
    cache.clear(slot);
  }
}
