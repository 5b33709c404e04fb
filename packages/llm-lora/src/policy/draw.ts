import type { Rng } from '@expctr/core';
import type { SamplingOptions, TokenConstraint, TokenIds, Tokenizer } from '@expctr/language-model';
import { AllowedTokens } from './allowed.js';
import { checkDistribution, notFinite } from './check-finite.js';
import { chooseFromExcerpt } from './excerpt.js';
import { normalizerOf, only, softmax } from './logits.js';
import type { NextTokenForm, NextTokenRequest } from './next-token.js';
import { SeenTokens, type Penalties } from './penalties.js';
import { chooseToken, totalOf, type TokenChoice } from './sampling.js';
import { StopStrings } from './stop-strings.js';
import { inverseTemperatureOf } from './temperature.js';
import { TokenText } from '../tokenizer/token-text.js';

/** How the tokens of a call's completions are drawn, and what ends them. */
export interface DrawOptions {
  readonly sampling: SamplingOptions;
  readonly penalties: Penalties | null;
  readonly constraint: TokenConstraint | null;
  /** Where there are stop strings: what they are looked for in. */
  readonly tokenizer: Tokenizer | null;
}

/** What the model is asked for before each token. */
export function requestOf({ sampling, penalties, constraint }: DrawOptions): NextTokenRequest {
  const { temperature = 1, topK, topP = 1, minP = 0 } = sampling;
  if (penalties !== null || constraint !== null) return { first: 'logits', later: 'logits', temperature: 1 };
  if (temperature === 0) return { first: 'probabilities', later: 'likeliest', temperature: 1 };
  const isOfAll = topK === undefined && topP >= 1 && minP <= 0;
  return { first: 'probabilities', later: isOfAll ? 'drawn' : 'probabilities', temperature };
}

/** One completion as it is drawn. */
export class Draw {
  readonly tokens: number[] = [];
  readonly logProbs: number[] = [];
  finishReason: 'stop' | 'length' | null = null;
  readonly #options: DrawOptions;
  readonly #promptIndex: number;
  readonly #stream: Rng;
  #uniform: number;
  readonly #choice: TokenChoice;
  readonly #seen: SeenTokens | null;
  readonly #stops: { readonly strings: StopStrings; readonly text: TokenText } | null;
  readonly #allowed: AllowedTokens | null;

  /** @param promptIndex which of the prompts, for errors @param stream one number for each token */
  constructor(options: DrawOptions, prompt: TokenIds, promptIndex: number, stream: Rng) {
    const { temperature, topK, topP, minP, stopStrings = [], stopTokenIds, maxNewTokens } = options.sampling;
    this.#options = options;
    this.#promptIndex = promptIndex;
    this.#stream = stream;
    this.#uniform = stream.next();
    this.#choice = { greedy: temperature === 0, topK, topP, minP };
    this.#seen = options.penalties === null ? null : new SeenTokens(prompt, options.penalties);
    this.#stops = stopStrings.length === 0 ? null : { strings: new StopStrings(stopStrings), text: new TokenText(options.tokenizer!) };
    this.#allowed = options.constraint === null ? null : new AllowedTokens(options.constraint, stopTokenIds, maxNewTokens);
  }

  /** The number in [0, 1) that the next token is drawn by. */
  get uniform(): number {
    return this.#uniform;
  }

  /**
   * Draws the next token. It may end the completion, which then has a `finishReason`.
   * @param next [vocabulary], or an excerpt that was made for `uniform`
   * @throws {@link PolicyError} `POLICY_NOT_FINITE`, `POLICY_CONSTRAINT`
   */
  take(next: Float32Array, form: NextTokenForm): number {
    const token = this.#chosen(next, form);
    this.#uniform = this.#stream.next();
    this.tokens.push(token);
    this.finishReason = this.#ended(token);
    return token;
  }

  #chosen(next: Float32Array, form: NextTokenForm): number {
    if (form === 'logits') return this.#fromLogits(next);
    return form === 'probabilities' ? this.#fromProbabilities(next) : this.#fromExcerpt(next);
  }

  #fromProbabilities(p: Float32Array): number {
    checkDistribution(totalOf(p), this.#promptIndex);
    const token = chooseToken(p, this.#choice, this.#uniform);
    this.logProbs.push(Math.log(p[token]!));
    return token;
  }

  #fromExcerpt(excerpt: Float32Array): number {
    const { token, probability, total } = chooseFromExcerpt(excerpt, this.#choice.greedy ? null : this.#uniform);
    checkDistribution(total, this.#promptIndex);
    this.logProbs.push(Math.log(probability));
    return token;
  }

  #fromLogits(logits: Float32Array): number {
    const { temperature = 1 } = this.#options.sampling;
    const [inverse = 1] = inverseTemperatureOf(temperature === 0 ? 1 : temperature);
    const normalizer = normalizerOf(logits, inverse);
    const penalized = this.#seen?.penalized(logits) ?? logits;
    const scores = this.#allowed === null ? penalized : only(penalized, this.#allowed.now(logits.length));
    const token = chooseToken(this.#choice.greedy ? scores : softmax(scores, inverse), this.#choice, this.#uniform);
    if (!Number.isFinite(normalizer) || scores[token] === -Infinity) {
      throw notFinite('the logits of the next token are not finite', `generate, prompt ${this.#promptIndex}`);
    }
    this.#seen?.add(token);
    this.logProbs.push(logits[token]! * inverse - normalizer);
    return token;
  }

  #ended(token: number): 'stop' | 'length' | null {
    const { sampling } = this.#options;
    if (sampling.stopTokenIds.includes(token)) return 'stop';
    if (this.#stops?.strings.add(this.#stops.text.add(token)) === true) return 'stop';
    const left = sampling.maxNewTokens - this.tokens.length;
    if (this.#allowed?.add(token, left) === true) return 'stop';
    return left === 0 ? 'length' : null;
  }
}
