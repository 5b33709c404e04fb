import { inputSignature, type InputSignature } from './inputs.js';
import type { TensorSpec } from './tensors.js';
import { mapTree } from './tree.js';

/** A function to be made a program of, with its inputs. */
export interface CompileRequest {
  readonly name: string;
  readonly fn: (...args: never) => unknown;
  /** One tree of specs for each argument. */
  readonly specs: readonly unknown[];
  readonly signature: InputSignature;
}

/** Calls the function with one tree for each argument. */
export function callWith(request: CompileRequest, args: readonly unknown[]): unknown {
  return (request.fn as (...args: readonly unknown[]) => unknown)(...args);
}

/** Whether a run decides the size of an axis. */
export function isDynamic({ signature }: CompileRequest): boolean {
  return signature.leaves.some(({ spec }) => spec.dynamicAxis !== undefined);
}

/** The same with dynamic axes of another length in the trace. */
export function withDynamicSize({ name, fn, specs: trees, signature }: CompileRequest, size: number): CompileRequest {
  const resized = (leaf: TensorSpec): TensorSpec =>
    leaf.dynamicAxis === undefined ? leaf : { ...leaf, shape: leaf.shape.with(leaf.dynamicAxis, size) };
  const specs = trees.map((tree) => mapTree<unknown, [TensorSpec], TensorSpec>(tree, resized));
  return { name, fn, specs, signature: inputSignature(name, specs, signature.argumentNames) };
}
