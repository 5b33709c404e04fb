import type { HostTensor } from '../tensors.js';

/**
 * A matrix W [out, in] that is multiplied by and never trained, as a tree of `L`: tensors in a traced function, host tensors outside.
 * Its keys say how it is stored; where `float32` stands beside another, that one serves the product and `float32` its gradient.
 */
export type FrozenMatrix<L> =
  | Float32Matrix<L>
  | Float16Matrix<L>
  | ({
      /** [in, out], in units of its column; turned, see `turned`. */
      readonly int8: L;
    } & Scaled<L>)
  | ({
      /** As int8 with 128 added: for processors whose kernels for uint8 x int8 saturate. */
      readonly uint8: L;
    } & Scaled<L>)
  | RowsMatrix<L>
  | ({
      /** [out, blocks, 16] uint8: 32 numbers in each block, two to a byte with 8 added, the first in the low bits. */
      readonly int4: L;
    } & Scaled<L>);

/** A frozen matrix whose rows can be looked up. */
export type FrozenTable<L> = Float32Matrix<L> | Float16Matrix<L> | RowsMatrix<L>;

/** A frozen matrix in half precision. */
export interface Float16Matrix<L> extends Partial<Float32Matrix<L>> {
  /** [out, in] half-precision bits. */
  readonly float16: L;
}

/** A frozen matrix of integers by row: for a table whose rows are looked up, and which is multiplied by floats alone. */
export interface RowsMatrix<L> extends Scaled<L> {
  /** [out, in] int8, in units of its row. */
  readonly rows: L;
}

/** A frozen matrix as it is. */
export interface Float32Matrix<L> {
  /** [out, in] */
  readonly float32: L;
}

/** What stands beside integers. */
export interface Scaled<L> extends Partial<Float32Matrix<L>> {
  /** The value of one unit, float32: [out], of int4 [out, blocks]. */
  readonly scales: L;
}

/** Ways of storing a frozen matrix. */
export type FrozenFormat = 'float32' | 'float16' | 'int8' | 'int4';

/** Its leaves by key. */
export function leavesOf<L>(matrix: FrozenMatrix<L>): [string, L][] {
  return Object.entries<L>({ ...matrix });
}

/** The same matrix with other leaves. */
export function mapFrozen<A, B>(matrix: FrozenMatrix<A>, change: (leaf: A) => B): FrozenMatrix<B> {
  return Object.fromEntries(leavesOf(matrix).map(([key, leaf]) => [key, change(leaf)])) as unknown as FrozenMatrix<B>;
}

/** A frozen matrix in JavaScript memory. */
export type HostFrozenMatrix = FrozenMatrix<HostTensor>;

/** A frozen table in JavaScript memory. */
export type HostFrozenTable = FrozenTable<HostTensor>;
