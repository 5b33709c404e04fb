import type { NextTokens, TokenConstraint } from '@expctr/language-model';
import { PolicyError } from './errors.js';

/** Follows a completion through its constraint. */
export class AllowedTokens {
  readonly #constraint: TokenConstraint;
  readonly #stopTokenIds: readonly number[];
  #state: unknown;
  #next: NextTokens;

  /** @param left tokens that the completion may have */
  constructor(constraint: TokenConstraint, stopTokenIds: readonly number[], left: number) {
    this.#constraint = constraint;
    this.#stopTokenIds = stopTokenIds;
    this.#state = constraint.start;
    this.#next = constraint.next(this.#state, left);
  }

  /** The tokens that may come now. @param vocabulary ids are below it @throws {@link PolicyError} `POLICY_CONSTRAINT` where there are none, or ids that are none */
  now(vocabulary: number): ArrayLike<number> {
    const { tokens, mayEnd } = this.#next;
    const strange = firstStrange(tokens, vocabulary);
    if (tokens.length === 0 || strange !== undefined) {
      const what = `the constraint allows ${strange === undefined ? 'no token for the text that is there' : `the token ${strange}`}`;
      throw new PolicyError('POLICY_CONSTRAINT', what, {
        where: 'generate, constraint.next',
        expected: `one or more integers from 0 to ${vocabulary - 1}`,
        remedy: 'begin nothing that cannot be ended; a response has at least one token, and ends where mayEnd is true and tokens is empty',
      });
    }
    return mayEnd ? [...Array.from(tokens), ...this.#stopTokenIds.filter((token) => token < vocabulary)] : tokens;
  }

  /** Goes on. @param left tokens that the completion may still have @returns whether nothing more may come */
  add(token: number, left: number): boolean {
    this.#state = this.#constraint.after(this.#state, token);
    this.#next = this.#constraint.next(this.#state, Math.max(1, left));
    return this.#next.mayEnd && this.#next.tokens.length === 0;
  }
}

function firstStrange(tokens: ArrayLike<number>, vocabulary: number): number | undefined {
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]!;
    if (!(token >= 0 && token < vocabulary) || token % 1 !== 0) return token;
  }
  return undefined;
}
