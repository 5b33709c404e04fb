import type { TokenIds } from '@expctr/language-model';

/**
 * Texts with a common beginning as one sequence: the shared tokens, then each continuation. A continuation sees the shared
 * tokens and itself, so the shared part is computed once however many continuations follow.
 */
export interface PackedText {
  readonly shared: TokenIds;
  readonly continuations: readonly TokenIds[];
}

/** Packed texts as rectangular arrays. */
export interface PackedArrays {
  /** [batch * time], 0 on padding */
  readonly tokens: Int32Array;
  /** [batch * time]: place of each token in its own text */
  readonly positions: Int32Array;
  /** [batch * time]: 0 = shared, 1, 2, … = continuation, -1 = padding */
  readonly segments: Int32Array;
  /** `starts[i][j]`: where continuation j of text i begins, in [0, batch * time). */
  readonly starts: readonly (readonly number[])[];
}

/** Tokens that a packed text takes. */
export function packedLength({ shared, continuations }: PackedText): number {
  return continuations.reduce((sum, { length }) => sum + length, shared.length);
}

/**
 * @param texts at most `batch` of them, each of at most `time` tokens
 * @param firstPosition position of the first shared token: the length of a prefix that is known already
 */
export function packTexts(texts: readonly PackedText[], batch: number, time: number, firstPosition = 0): PackedArrays {
  const tokens = new Int32Array(batch * time);
  const positions = new Int32Array(batch * time);
  const segments = new Int32Array(batch * time).fill(-1);
  const starts = texts.map(({ shared, continuations }, row) => {
    let next = row * time;
    const put = (part: TokenIds, position: number, segment: number): number => {
      const start = next;
      tokens.set(part, start);
      for (let i = 0; i < part.length; i += 1) {
        positions[start + i] = position + i;
        segments[start + i] = segment;
      }
      next += part.length;
      return start;
    };
    put(shared, firstPosition, 0);
    return continuations.map((part, index) => put(part, firstPosition + shared.length, index + 1));
  });
  return { tokens, positions, segments, starts };
}

/** Added to the score of a column that a row must not see: exp of it is 0 in float32. */
const HIDDEN = -1e9;

/**
 * Who sees whom, from segments alone (never from a pad token): a token sees the shared tokens before it and those of its own
 * continuation up to itself.
 * @returns [batch, 1, time, time]: 0 where row sees column, else a very negative number
 */
export function packedMask(segments: Int32Array, batch: number, time: number): Float32Array {
  const mask = new Float32Array(batch * time * time).fill(HIDDEN);
  for (let row = 0; row < batch * time; row += 1) {
    const own = segments[row]!;
    const first = row - (row % time);
    for (let column = first; column <= row; column += 1) {
      const segment = segments[column]!;
      if (segment === 0 || segment === own) mask[row * time + column - first] = 0;
    }
  }
  return mask;
}

/** A text alone: each token sees itself and what came before. @returns [1, 1, time, time] */
export function causalMask(time: number): Float32Array {
  return packedMask(new Int32Array(time), 1, time);
}

/** Which places of a cache hold a token. @param lengths one for each sequence @returns [lengths.length, 1, 1, size] */
export function lengthMask(lengths: ArrayLike<number>, size: number): Float32Array {
  const mask = new Float32Array(lengths.length * size);
  for (let row = 0; row < lengths.length; row += 1) mask.fill(HIDDEN, row * size + lengths[row]!, (row + 1) * size);
  return mask;
}
