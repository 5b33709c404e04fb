/** How a token is drawn from a distribution. */
export interface TokenChoice {
  /** Take the most probable token. */
  readonly greedy: boolean;
  /** Keep only the k most probable tokens; undefined: all. */
  readonly topK?: number | undefined;
  /** Keep the smallest set of tokens with at least this probability; undefined: all. */
  readonly topP?: number | undefined;
  /** Keep tokens that are at least this times as probable as the most probable one; undefined: all. */
  readonly minP?: number | undefined;
}

/**
 * Draws a token by inverting the cumulative distribution.
 * @param p probabilities of all tokens
 * @param uniform in [0, 1)
 */
export function chooseToken(p: Float32Array, choice: TokenChoice, uniform: number): number {
  return choice.greedy ? largest(p) : invert(p, keptTokens(p, choice), uniform);
}

/** The tokens that a choice leaves, in order of their ids; null: all. Top-k, then top-p among what is left, then min-p, as in transformers. */
export function keptTokens(p: Float32Array, { topK = p.length, topP = 1, minP = 0 }: TokenChoice): readonly number[] | null {
  const kept = topK >= p.length && topP >= 1 ? null : nucleus(p, topK, topP);
  if (minP <= 0) return kept;
  const least = minP * p[largest(p)]!; // top-k and top-p keep the most probable token, and ratios as they are
  if (kept !== null) return kept.filter((token) => p[token]! >= least);
  const probable: number[] = [];
  for (let token = 0; token < p.length; token += 1) if (p[token]! >= least) probable.push(token);
  return probable;
}

/** The first of the largest, as torch.argmax has it. */
export function largest(p: Float32Array): number {
  let best = 0;
  for (let token = 1; token < p.length; token += 1) if (p[token]! > p[best]!) best = token;
  return best;
}

/** The sum of probabilities. */
export function totalOf(p: Float32Array): number {
  let total = 0;
  for (let token = 0; token < p.length; token += 1) total += p[token]!; // `of` asks the iterator of every number
  return total;
}

/** @param kept the tokens to choose from, or null for all */
function invert(p: Float32Array, kept: readonly number[] | null, uniform: number): number {
  const size = kept === null ? p.length : kept.length;
  let total = 1; // of all tokens, but for rounding
  if (kept !== null) total = kept.reduce((sum, token) => sum + p[token]!, 0);
  let left = uniform * total;
  let last = 0;
  for (let i = 0; i < size; i += 1) {
    const token = kept === null ? i : kept[i]!;
    const mass = p[token]!;
    if (mass === 0) continue;
    last = token; // where rounding leaves a rest, the last possible token has it
    left -= mass;
    if (left < 0) return token;
  }
  return last;
}

/** Top-k, then top-p among what is left of it, in order of token id. */
function nucleus(p: Float32Array, topK: number, topP: number): number[] {
  // tokens at or below this cannot be in the set: all of them together have at most 1 - topP
  const floor = topK >= p.length ? (1 - topP) / p.length : 0;
  const candidates: number[] = [];
  for (let token = 0; token < p.length; token += 1) if (p[token]! > floor) candidates.push(token);
  candidates.sort((a, b) => p[b]! - p[a]! || a - b);
  candidates.length = Math.min(candidates.length, topK);
  if (topP < 1) {
    const whole = topK >= p.length ? 1 : candidates.reduce((sum, token) => sum + p[token]!, 0);
    const wanted = topP * whole;
    let mass = 0;
    const enough = candidates.findIndex((token) => (mass += p[token]!) >= wanted);
    if (enough >= 0) candidates.length = enough + 1;
  }
  return candidates.sort((a, b) => a - b);
}
