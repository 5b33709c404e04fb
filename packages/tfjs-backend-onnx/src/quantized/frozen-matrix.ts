import type { HostTensor } from '../tensors.js';

/**
 * A matrix W [out, in] that is multiplied by and never trained, as a tree of `L`: tensors in a traced function, host tensors outside.
 * Its keys say how it is stored; where `float32` stands beside another, that one serves the product and `float32` its gradient.
 */
export type FrozenMatrix<L> =
  /** [out, in] */
  | { readonly float32: L }
  /** [out, in] half-precision bits */
  | { readonly float16: L; readonly float32?: L }
  /** [in, out], and the value of one unit in each column of it, [out] float32 */
  | { readonly int8: L; readonly scales: L; readonly float32?: L }
  /** As int8 with 128 added: for processors whose kernels for uint8 x int8 saturate. */
  | { readonly uint8: L; readonly scales: L; readonly float32?: L }
  /** [out, blocks, 16] uint8: 32 numbers in each block, two to a byte with 8 added, the first in the low bits; scales [out, blocks] */
  | { readonly int4: L; readonly scales: L; readonly float32?: L };

/** Ways of storing a frozen matrix. */
export type FrozenFormat = 'float32' | 'float16' | 'int8' | 'int4';

/** The same matrix with other leaves. */
export function mapFrozen<A, B>(matrix: FrozenMatrix<A>, change: (leaf: A) => B): FrozenMatrix<B> {
  return Object.fromEntries(Object.entries(matrix).map(([key, leaf]) => [key, change(leaf)])) as unknown as FrozenMatrix<B>;
}

/** A frozen matrix in JavaScript memory. */
export type HostFrozenMatrix = FrozenMatrix<HostTensor>;
