/** What may come next in a constrained response. */
export interface NextTokens {
  /** Ids of the tokens that may come next, each once. Stop tokens need not be among them: they may come where `mayEnd` says so. */
  readonly tokens: ArrayLike<number>;
  /** Whether the response may end here. Where it may and `tokens` is empty, it ends. */
  readonly mayEnd: boolean;
}

/**
 * What a response may be, token by token: a rule of your own. States are values of any kind; one is never changed, for several
 * completions may be in it. `S` is what a state is.
 */
export interface TokenConstraint<S = unknown> {
  /** The state before the first token. */
  readonly start: S;
  /**
   * What may come next. No tokens, and no end either, is an error of the call.
   * @param left how many more tokens the response may have, at least 1: what could not be ended within them should not be begun
   */
  next(state: S, left: number): NextTokens;
  /** The state after a token, one that `next` gave. */
  after(state: S, token: number): S;
}

/** The response is one of given texts, as `Tokenizer.decodeText` gives it: white space before an answer belongs to its text. */
export interface ChoiceConstraint {
  /** One or more texts, none of them empty. */
  readonly choices: readonly string[];
}

/** The response is JSON that satisfies a schema. */
export interface JsonConstraint {
  /**
   * A JSON Schema of this part of the language: `object` with `properties`, all of which are written, in their order; `array` with
   * `items`, `minItems`, `maxItems`; `string` with `maxLength`; `number` and `integer` of up to 15 digits before and behind the point,
   * without exponent; `boolean`; `null`; `enum`; `const`. Anything else that would say something of the value is refused by its name.
   */
  readonly jsonSchema: Readonly<Record<string, unknown>>;
}

/** What a response may be. All but a {@link TokenConstraint} is plain JSON. */
export type Constraint = ChoiceConstraint | JsonConstraint | TokenConstraint;
