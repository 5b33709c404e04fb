import type * as tf from '@tensorflow/tfjs';
import type { ConstantSpec, HostArray, HostTensor, TensorSpec } from './tensors.js';
import type { TensorTree, Tree } from './tree.js';

/** The tfjs tensor class of a static shape: `[4, 3]` gives `Tensor2D`, an array of unknown length `Tensor`. */
export type TensorOfShape<S extends readonly number[]> = number extends S['length']
  ? tf.Tensor
  : S extends readonly []
    ? tf.Scalar
    : S extends readonly [number]
      ? tf.Tensor1D
      : S extends readonly [number, number]
        ? tf.Tensor2D
        : S extends readonly [number, number, number]
          ? tf.Tensor3D
          : S extends readonly [number, number, number, number]
            ? tf.Tensor4D
            : tf.Tensor;

/** What a traced function receives for a tree of specs: the same tree with tensors. */
export type TensorsOf<S> =
  S extends TensorSpec<infer D> ? TensorOfShape<D> : S extends object ? { -readonly [K in keyof S]: TensorsOf<S[K]> } : never;

/** What `run` takes for a tree of specs: host arrays or host tensors; nothing where the spec is a constant. */
export type InputsOf<S> = S extends ConstantSpec
  ? null | undefined
  : S extends TensorSpec
    ? HostArray | HostTensor
    : S extends object
      ? { readonly [K in keyof S]: InputsOf<S[K]> }
      : never;

/** The specs that suit a function's declared tensors: the same tree with specs. */
export type SpecsOf<A> = [TensorTree] extends [A]
  ? Tree<TensorSpec | ConstantSpec>
  : A extends tf.Tensor
    ? TensorSpec | ConstantSpec
    : A extends object
      ? { readonly [K in keyof A]: SpecsOf<A[K]> }
      : never;

/** As {@link InputsOf} from a function's declared tensors; constants are left out as null or undefined. */
export type InputsForTensors<A> = [TensorTree] extends [A]
  ? Tree<HostArray | HostTensor | null | undefined>
  : A extends tf.Tensor
    ? HostArray | HostTensor | null | undefined
    : A extends object
      ? { readonly [K in keyof A]: InputsForTensors<A[K]> }
      : never;

/** What `run` resolves to: the tree that the function returned, with host tensors. */
export type OutputsOf<R> = [TensorTree] extends [R]
  ? Tree<HostTensor>
  : R extends tf.Tensor
    ? HostTensor
    : R extends object
      ? { -readonly [K in keyof R]: OutputsOf<R[K]> }
      : R;
