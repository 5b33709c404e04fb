import type { SamplingOptions, TokenIds } from '@expctr/language-model';

/** What is taken from the logits of tokens that a text has. */
export interface Penalties {
  /** Divides positive logits and multiplies negative ones of all tokens of prompt and response. */
  readonly repetition: number;
  /** Taken from the logits of all tokens of the response. */
  readonly presence: number;
  /** Taken for each time that the response has the token. */
  readonly frequency: number;
}

/** The penalties that are asked for; null where they change nothing. */
export function penaltiesOf({ repetitionPenalty = 1, presencePenalty = 0, frequencyPenalty = 0 }: SamplingOptions): Penalties | null {
  if (repetitionPenalty === 1 && presencePenalty === 0 && frequencyPenalty === 0) return null;
  return { repetition: repetitionPenalty, presence: presencePenalty, frequency: frequencyPenalty };
}

/** The tokens of a prompt and its response, which penalties are about. */
export class SeenTokens {
  readonly #penalties: Penalties;
  readonly #all: Set<number>;
  readonly #response = new Map<number, number>();

  constructor(prompt: TokenIds, penalties: Penalties) {
    this.#penalties = penalties;
    this.#all = new Set(Array.from(prompt));
  }

  /** Counts a token of the response. */
  add(token: number): void {
    this.#all.add(token);
    this.#response.set(token, (this.#response.get(token) ?? 0) + 1);
  }

  /**
   * Logits with the penalties. That of repetition is CTRL's (arXiv 1909.05858, equation 5) in the form of transformers'
   * RepetitionPenaltyLogitsProcessor; the others are those of the OpenAI API.
   */
  penalized(logits: Float32Array): Float32Array {
    const { repetition, presence, frequency } = this.#penalties;
    const result = logits.slice();
    if (repetition !== 1) {
      for (const token of this.#all) result[token] = result[token]! < 0 ? result[token]! * repetition : result[token]! / repetition;
    }
    for (const [token, count] of this.#response) result[token] = result[token]! - presence - frequency * count;
    return result;
  }
}
