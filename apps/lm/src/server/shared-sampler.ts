import type { Completion, Sampler, SamplingOptions, TokenIds } from '@expctr/language-model';
import { LmRequestError } from './refusals.js';

/** A sampler whose calls are put together: what several requests ask for is written in one call of another sampler. */
export interface SharedSampler {
  /** As `Sampler.generate`. @throws LmRequestError `LM_BUSY`, at once, where too many texts wait */
  readonly generate: (prompts: readonly TokenIds[], options: SamplingOptions) => Promise<Completion[]>;
  /** Does something while no call is under way, after all that was asked for before. */
  between<T>(work: () => Promise<T> | T): Promise<T>;
  /** Texts that wait or are being written. */
  readonly waiting: number;
}

/** What a shared sampler works with. */
export interface SharedSamplerOptions {
  readonly generate: Sampler['generate'];
  /** At most so many texts a call. */
  readonly most: number;
  /** Texts that may wait. */
  readonly room: number;
  /** Told of every call: how many texts, tokens, and seconds. */
  readonly onCall?: (texts: number, tokens: number, seconds: number) => void;
}

interface Text {
  readonly kind: 'text';
  readonly prompt: TokenIds;
  /** Names its stream of chance. */
  readonly key: string;
  /** Which prompt of its request it goes on from. */
  readonly promptIndex: number;
  readonly completion: number;
  readonly options: SamplingOptions;
  /** Equal for texts that one call can write. */
  readonly like: string;
  readonly resolve: (made: Completion) => void;
  readonly reject: (error: unknown) => void;
}

interface Task {
  readonly kind: 'task';
  readonly run: () => Promise<void>;
}

/** Seconds that a text takes where none was written yet. */
const UNKNOWN_PACE = 1;

/**
 * The oldest text goes first, with all that wait and are drawn in the same way, up to the next task. Which texts stand in one call
 * changes none of them.
 */
export function createSharedSampler({ generate, most, room, onCall }: SharedSamplerOptions): SharedSampler {
  const queue: (Text | Task)[] = [];
  let waiting = 0;
  let pace = UNKNOWN_PACE;
  let busy = false;

  function begin(): void {
    if (busy) return;
    busy = true;
    setImmediate(() => void drain());
  }

  async function drain(): Promise<void> {
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      if (next.kind === 'text') await call(taken(next.like));
      else {
        queue.shift();
        await next.run();
      }
    }
    busy = false;
  }

  /** Takes the texts that go into the next call; those that nobody waits for are let go. */
  function taken(like: string): Text[] {
    const texts: Text[] = [];
    for (let at = 0; at < queue.length && texts.length < most;) {
      const next = queue[at]!;
      if (next.kind === 'task') break;
      const isLost = next.options.signal?.aborted === true;
      if (next.like !== like && !isLost) {
        at += 1;
        continue;
      }
      queue.splice(at, 1);
      if (isLost) waiting -= 1;
      else texts.push(next);
    }
    return texts;
  }

  async function call(texts: readonly Text[]): Promise<void> {
    if (texts.length === 0) return;
    const started = performance.now();
    const stop = new AbortController();
    const look = (): void => {
      if (texts.every(({ options }) => options.signal?.aborted === true)) stop.abort();
    };
    texts.forEach(({ options }) => options.signal?.addEventListener('abort', look));
    try {
      const made = await generate(
        texts.map(({ prompt }) => prompt),
        {
          ...drawingOf(texts[0]!.options),
          seed: ['expctr-lm'],
          keys: texts.map(({ key }) => key),
          signal: stop.signal,
          onToken(token, index) {
            const { options, promptIndex, completion } = texts[index]!;
            if (options.signal?.aborted !== true) options.onToken?.(token, promptIndex, completion);
          },
          onCompletion(each) {
            const { options, promptIndex, completion, resolve } = texts[each.promptIndex]!;
            const own = { ...each, promptIndex };
            if (options.signal?.aborted !== true) options.onCompletion?.(own, completion);
            resolve(own);
          },
        },
      );
      made.forEach((each) => texts[each.promptIndex]!.resolve({ ...each, promptIndex: texts[each.promptIndex]!.promptIndex }));
      const seconds = (performance.now() - started) / 1000;
      pace = 0.8 * pace + 0.2 * (seconds / texts.length);
      const tokens = made.reduce((sum, each) => sum + each.tokens.length, 0);
      onCall?.(texts.length, tokens, seconds);
    } catch (error) {
      texts.forEach(({ reject }) => reject(error));
    } finally {
      texts.forEach(({ options }) => options.signal?.removeEventListener('abort', look));
      waiting -= texts.length;
    }
  }

  return {
    get waiting() {
      return waiting;
    },
    async generate(prompts, options) {
      const { completionsPerPrompt = 1, keys, seed, signal } = options;
      signal?.throwIfAborted();
      const count = prompts.length * completionsPerPrompt;
      if (waiting + count > room) throw tooMany(count, room, Math.max(1, Math.ceil(waiting * pace)));
      waiting += count;
      const like = JSON.stringify(drawingOf(options));
      const rejects: ((reason: Error) => void)[] = [];
      const made = prompts.flatMap((prompt, promptIndex) =>
        Array.from(
          { length: completionsPerPrompt },
          (_, completion) =>
            new Promise<Completion>((resolve, reject) => {
              const key = JSON.stringify([...seed, keys?.[promptIndex] ?? promptIndex, completion]);
              queue.push({ kind: 'text', prompt, key, promptIndex, completion, options, like, resolve, reject });
              rejects.push(reject);
            }),
        ),
      );
      const lose = (): void => rejects.forEach((reject) => reject(signal?.reason as Error));
      signal?.addEventListener('abort', lose);
      begin();
      try {
        return await Promise.all(made);
      } finally {
        signal?.removeEventListener('abort', lose);
      }
    },
    async between(work) {
      let end: () => void = () => undefined;
      const ended = new Promise<void>((resolve) => (end = resolve));
      await new Promise<void>((start) => {
        const run = (): Promise<void> => {
          start();
          return ended;
        };
        queue.push({ kind: 'task', run });
        begin();
      });
      try {
        return await work();
      } finally {
        end();
      }
    },
  };
}

/** What of the options has to be alike for texts to be written in one call. All of it is plain JSON here. */
function drawingOf({
  seed: _seed,
  keys: _keys,
  completionsPerPrompt: _count,
  onProgress: _onProgress,
  onToken: _onToken,
  onCompletion: _onCompletion,
  signal: _signal,
  ...drawing
}: SamplingOptions): Omit<SamplingOptions, 'seed'> {
  return drawing;
}

function tooMany(count: number, room: number, retryAfter: number): LmRequestError {
  return new LmRequestError('LM_BUSY', 'too many texts wait', {
    expected: `room for ${count} among ${room}`,
    remedy: `ask again in ${retryAfter} s`,
    retryAfter,
  });
}
