/** The distinct values of a list and, for every position of the list, which of them stands there. */
export interface Distinct {
  readonly values: readonly string[];
  /** [length of the list], indices into `values`. */
  readonly indices: Uint32Array;
}

/** Finds repeated texts, so that each is encoded once. Values keep the order of first appearance. */
export function distinct(texts: readonly string[]): Distinct {
  const positions = new Map<string, number>();
  const indices = new Uint32Array(texts.length);
  texts.forEach((text, at) => {
    let index = positions.get(text);
    if (index === undefined) {
      index = positions.size;
      positions.set(text, index);
    }
    indices[at] = index;
  });
  return { values: [...positions.keys()], indices };
}

/** Row `indices[i]` of `rows` [k, d] as row i of the result [n, d]. */
export function spreadRows(rows: Float32Array, indices: Uint32Array, dimension: number): Float32Array {
  const result = new Float32Array(indices.length * dimension);
  indices.forEach((row, at) => result.set(rows.subarray(row * dimension, (row + 1) * dimension), at * dimension));
  return result;
}
