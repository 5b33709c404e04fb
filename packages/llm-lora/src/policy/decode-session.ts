import type { SamplingOptions, TokenIds } from '@expctr/language-model';
import type { HostLora } from '../lora/applied-lora.js';
import type { Decoder } from './decode.js';
import type { Draw } from './draw.js';
import type { KeyValueCache } from './key-value-cache.js';
import type { NextTokenForm, NextTokenRequest } from './next-token.js';
import type { Prefill, PrefilledPrompt } from './prefill.js';
import type { Prefix } from './prefix-cache.js';

/** A completion that is waiting or being decoded. */
export interface Job {
  readonly promptIndex: number;
  /** Which of its prompt's completions. */
  readonly completion: number;
  readonly key: string;
  readonly draw: Draw;
}

/** What a {@link DecodeSession} works with. */
export interface SessionOptions {
  readonly prefill: Prefill;
  readonly decoder: Decoder;
  readonly cache: KeyValueCache;
  readonly prefix: Prefix | null;
  readonly lora: HostLora | null;
  readonly request: NextTokenRequest;
  readonly options: Pick<SamplingOptions, 'onProgress' | 'onToken' | 'signal'>;
  readonly prompts: ReadonlyMap<string, TokenIds>;
  readonly progress: { done: number; readonly most: number };
  readonly ended: (job: Job) => void;
}

/** The decoding of jobs that share a cache: a slot that a finished sequence leaves goes to the next one. */
export class DecodeSession {
  readonly #given: SessionOptions;
  readonly #slots: (Job | null)[];
  readonly #last: Int32Array;
  readonly #ready = new Map<string, PrefilledPrompt>();

  constructor(given: SessionOptions) {
    this.#given = given;
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
    const { prefill, cache, prefix, lora, request, prompts } = this.#given;
    const free = this.#slots.flatMap((job, slot) => (job === null ? [slot] : []));
    const next = waiting.splice(0, free.length);
    const missing = [...new Set(next.map(({ key }) => key))].filter((key) => !this.#ready.has(key));
    const texts = missing.map((key) => prompts.get(key)!);
    const filled = await prefill.run(texts, prefix, lora, request);
    missing.forEach((key, index) => this.#ready.set(key, filled[index]!));
    next.forEach((job, index) => {
      const slot = free[index]!;
      const { keyValues, row, length, next: first } = this.#ready.get(job.key)!;
      cache.clear(slot);
      if (prefix !== null) cache.extend(slot, prefix.keyValues, 0, prefix.tokens.length);
      cache.extend(slot, keyValues, row, length);
      this.#slots[slot] = job;
      this.#take(slot, job, first, request.first);
    });
    const wanted = new Set(waiting.map(({ key }) => key));
    for (const key of this.#ready.keys()) if (!wanted.has(key)) this.#ready.delete(key);
  }

  /** One token for each busy slot. */
  async #step(): Promise<void> {
    const { decoder, cache, lora, request, options, progress } = this.#given;
    const busy = this.#slots.flatMap((job, slot) => (job === null ? [] : [slot]));
    if (busy.length === 0) return;
    const uniforms = this.#slots.map((job) => job?.draw.uniform ?? 0);
    const { next, fresh } = await decoder.step(cache, this.#last, uniforms, lora, request);
    cache.append(busy, fresh.data as Float32Array);
    const size = next.shape[1]!;
    for (const slot of busy) {
      this.#take(slot, this.#slots[slot]!, (next.data as Float32Array).subarray(slot * size, (slot + 1) * size), request.later);
    }
    options.onProgress?.(progress.done, progress.most);
  }

  /** Draws the next token of a job and frees its slot where that ends it. */
  #take(slot: number, job: Job, next: Float32Array, form: NextTokenForm): void {
    const { options, progress, cache, ended } = this.#given;
    const token = job.draw.take(next, form);
    this.#last[slot] = token;
    progress.done += 1;
    options.onToken?.(token, job.promptIndex, job.completion);
    if (job.draw.finishReason === null) return;
    this.#slots[slot] = null;
    cache.clear(slot);
    ended(job);
  }
}
