/** How token states become one vector; the names are those of sentence-transformers' Pooling module. */
export type PoolingMode = 'cls' | 'max' | 'mean' | 'mean_sqrt_len_tokens' | 'weightedmean' | 'lasttoken';

/** The states of one text, [tokens, width] row major from `start` on; padding lies behind them and is not among them. */
export interface TokenStates {
  readonly data: Float32Array;
  readonly start: number;
  /** At least 1. */
  readonly tokens: number;
  /** Of these, how many of the first do not count: a prompt's. Fewer than `tokens`. */
  readonly skipped: number;
  readonly width: number;
}

/** Writes the pooled vector [width] to `out` from `at` on, which holds zeros. */
type Pool = (states: TokenStates, out: Float32Array, at: number) => void;

function weightedSum(
  { data, start, tokens, skipped, width }: TokenStates,
  weight: (token: number) => number,
  out: Float32Array,
  at: number,
): void {
  for (let token = skipped; token < tokens; token += 1) {
    const row = start + token * width;
    const scale = weight(token);
    for (let k = 0; k < width; k += 1) out[at + k] = out[at + k]! + scale * data[row + k]!;
  }
}

function copyToken({ data, start, width }: TokenStates, token: number, out: Float32Array, at: number): void {
  out.set(data.subarray(start + token * width, start + (token + 1) * width), at);
}

/** Source: sentence-transformers, `Pooling.forward`. */
export const poolings: { readonly [K in PoolingMode]: Pool } = {
  cls: (states, out, at) => copyToken(states, states.skipped, out, at),
  lasttoken: (states, out, at) => copyToken(states, states.tokens - 1, out, at),
  mean: (states, out, at) => weightedSum(states, () => 1 / (states.tokens - states.skipped), out, at),
  mean_sqrt_len_tokens: (states, out, at) => weightedSum(states, () => 1 / Math.sqrt(states.tokens - states.skipped), out, at),
  weightedmean: (states, out, at) => {
    // a token's weight is its place among all
    const total = (states.tokens * (states.tokens + 1) - states.skipped * (states.skipped + 1)) / 2;
    weightedSum(states, (token) => (token + 1) / total, out, at);
  },
  max: (states, out, at) => {
    copyToken(states, states.skipped, out, at);
    for (let token = states.skipped + 1; token < states.tokens; token += 1) {
      const row = states.start + token * states.width;
      for (let k = 0; k < states.width; k += 1) out[at + k] = Math.max(out[at + k]!, states.data[row + k]!);
    }
  },
};

/** Whether a string names a pooling mode. */
export function isPoolingMode(name: unknown): name is PoolingMode {
  return typeof name === 'string' && Object.hasOwn(poolings, name);
}
