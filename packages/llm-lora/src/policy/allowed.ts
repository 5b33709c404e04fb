import type { TokenConstraint } from '@expctr/language-model';
import { PolicyError } from './errors.js';

/** Follows a completion through its constraint. */
export class AllowedTokens {
  readonly #constraint: TokenConstraint;
  readonly #stopTokenIds: readonly number[];
  #state: unknown;
  #tokens: readonly number[] | Int32Array;

  /** @param left tokens that the completion may have */
  constructor(constraint: TokenConstraint, stopTokenIds: readonly number[], left: number) {
    this.#constraint = constraint;
    this.#stopTokenIds = stopTokenIds;
    this.#state = constraint.start;
    this.#tokens = this.#next(left) ?? [];
  }

  /** The tokens that may come now. @param vocabulary ids are below it @throws {@link PolicyError} `POLICY_CONSTRAINT` where there are none, or ids that are none */
  now(vocabulary: number): ArrayLike<number> {
    const strange = firstStrange(this.#tokens, vocabulary);
    if (this.#tokens.length > 0 && strange === undefined) return this.#tokens;
    throw new PolicyError(
      'POLICY_CONSTRAINT',
      `the constraint allows ${strange === undefined ? 'no token, and no end' : `the token ${strange}`}`,
      {
        where: 'generate, constraint.next',
        expected: `one or more integers from 0 to ${vocabulary - 1}`,
        remedy: 'begin nothing that cannot be ended; where the response may end, say mayEnd, and give stopTokenIds or no tokens',
      },
    );
  }

  /** Goes on. @returns whether nothing more may come @param left tokens that the completion may still have */
  add(token: number, left: number): boolean {
    this.#state = this.#constraint.after(this.#state, token);
    const next = this.#next(Math.max(1, left));
    this.#tokens = next ?? [];
    return next === null;
  }

  /** What may come; null: nothing, for the response is whole. */
  #next(left: number): readonly number[] | Int32Array | null {
    const { tokens, mayEnd } = this.#constraint.next(this.#state, left);
    const given = tokens instanceof Int32Array ? tokens : Array.from(tokens);
    if (!mayEnd) return given;
    return given.length === 0 ? null : [...given, ...this.#stopTokenIds];
  }
}

function firstStrange(tokens: ArrayLike<number>, vocabulary: number): number | undefined {
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]!;
    if (!(token >= 0 && token < vocabulary) || token % 1 !== 0) return token;
  }
  return undefined;
}
