import type { Completion, Sampler, SamplingOptions, TokenIds, Tokenizer } from '@expctr/language-model';
import { TokenText } from '../tokenizer/token-text.js';
import { cutAtStop } from './stop-strings.js';

/** Some more of one completion's text. */
export interface TextPiece {
  /** Index into the prompts. */
  readonly promptIndex: number;
  /** Which of the prompt's completions. */
  readonly completion: number;
  /** Whole characters; empty in a last piece that only says that nothing follows. */
  readonly text: string;
  /** How the completion ended, with its last piece; null before. */
  readonly finishReason: Completion['finishReason'] | null;
}

/** What writes, and reads what was written: a `CausalLM`, or a sampler beside a tokenizer. */
export interface TextSource extends Pick<Sampler, 'generate'> {
  /** What its tokens mean. */
  readonly tokenizer: Tokenizer;
}

/**
 * Generates, and gives the texts as they are written: pieces of all completions as they come, each of whole characters. Joined, those of
 * one completion are its `Tokenizer.decodeText`, up to a stop string and without it. Leaving the loop ends the generation. A sampler that does
 * not say each token as it is drawn, such as a server, gives each text in one piece.
 * @param options as of `generate`; its `onToken` and `onCompletion` are called, too
 * @throws what `generate` throws, where the next piece is asked for
 */
export async function* streamText(
  source: TextSource,
  prompts: readonly TokenIds[],
  options: SamplingOptions,
): AsyncGenerator<TextPiece, void, undefined> {
  const { completionsPerPrompt = 1, stopStrings, signal } = options;
  const left = new AbortController();
  const texts = prompts.map(() => Array.from({ length: completionsPerPrompt }, () => new GrowingText(source.tokenizer, stopStrings)));
  const pieces: TextPiece[] = [];
  const state = { running: true, failure: null as { readonly error: unknown } | null, wake: (): void => undefined };
  const give = (piece: TextPiece): void => {
    if (piece.text !== '' || piece.finishReason !== null) pieces.push(piece);
    state.wake();
  };
  const end = ({ promptIndex, tokens, finishReason }: Completion, completion: number): void => {
    const text = texts[promptIndex]![completion]!;
    if (!text.isWhole) give({ promptIndex, completion, text: text.end(tokens), finishReason });
  };
  const generating = source
    .generate(prompts, {
      ...options,
      signal: signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]),
      onToken(token, promptIndex, completion) {
        options.onToken?.(token, promptIndex, completion);
        give({ promptIndex, completion, text: texts[promptIndex]![completion]!.add(token), finishReason: null });
      },
      onCompletion(made, completion) {
        options.onCompletion?.(made, completion);
        end(made, completion);
      },
    })
    .then((made) => {
      made.forEach((each, at) => {
        end(each, at % completionsPerPrompt);
      });
    })
    .catch((error: unknown) => {
      state.failure = { error };
    })
    .finally(() => {
      state.running = false;
      state.wake();
    });
  try {
    for (;;) {
      yield* pieces.splice(0);
      if (pieces.length > 0) continue; // they came while the last ones were looked at
      if (state.failure !== null) throw state.failure.error;
      if (!state.running) return;
      await new Promise<void>((resolve) => (state.wake = resolve));
    }
  } finally {
    left.abort();
    await generating;
  }
}

/** A text of which only that is told which stays as it is: whole characters, and nothing that may be the beginning of a stop string. */
class GrowingText {
  isWhole = false;
  readonly #text: TokenText;
  readonly #stopStrings: readonly string[];
  #tokens = 0;
  #untold = '';

  constructor(tokenizer: Tokenizer, stopStrings: readonly string[] = []) {
    this.#text = new TokenText(tokenizer);
    this.#stopStrings = stopStrings;
  }

  /** @returns what is new of the text */
  add(token: number): string {
    this.#tokens += 1;
    this.#untold += this.#text.add(token);
    if (cutAtStop(this.#untold, this.#stopStrings) !== this.#untold) return ''; // it ends with this token
    const mayBegin = this.#stopStrings.map((stop) => overlap(this.#untold, stop));
    return this.#tell(this.#untold.length - Math.max(0, ...mayBegin));
  }

  /** @param tokens all of them, whether they were added or not @returns the rest of the text */
  end(tokens: TokenIds): string {
    this.isWhole = true;
    for (let at = this.#tokens; at < tokens.length; at += 1) this.#untold += this.#text.add(tokens[at]!);
    this.#untold += this.#text.end();
    return cutAtStop(this.#untold, this.#stopStrings);
  }

  #tell(length: number): string {
    const told = this.#untold.slice(0, length);
    this.#untold = this.#untold.slice(length);
    return told;
  }
}

/** How many characters at the end of a text are the beginning of another one. */
function overlap(text: string, other: string): number {
  let length = Math.min(text.length, other.length - 1);
  while (length > 0 && !other.startsWith(text.slice(-length))) length -= 1;
  return length;
}
