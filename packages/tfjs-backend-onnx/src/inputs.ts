import { CompiledFunctionError } from './errors.js';
import { arrayNameOf, describeSpec, holds, isConstant, isHostTensor, isSpec, sizeOf, type HostArray, type TensorSpec } from './tensors.js';
import { namedLeaves } from './tree.js';

/** A leaf of the input specs with its place. */
export interface InputLeaf {
  /** Keys from the root, as `0.layers.3.query`. */
  readonly path: string;
  readonly spec: TensorSpec;
}

/** The leaves of the input specs, constants included. @throws {@link CompiledFunctionError} at a leaf that is no spec */
export function inputLeaves(functionName: string, specs: readonly unknown[]): InputLeaf[] {
  return namedLeaves(specs).map(({ path, leaf }) => {
    if (!isSpec(leaf)) {
      throw new CompiledFunctionError('COMPILED_INPUT', `the spec at ${path} is ${describe(leaf)}`, {
        where: `compile(${functionName})`,
        expected: 'a tree of spec(shape, dtype) and constant(hostTensor)',
      });
    }
    return { path, spec: leaf };
  });
}

/**
 * The host arrays for every leaf that is no constant, in order, after checking them against the specs.
 * @throws {@link CompiledFunctionError} naming function, path, expected and actual
 */
export function bindInputs(functionName: string, specs: readonly unknown[], inputs: readonly unknown[]): HostArray[] {
  const arrays: HostArray[] = [];
  bind(functionName, specs, inputs, '', arrays);
  return arrays;
}

function bind(functionName: string, specs: unknown, inputs: unknown, path: string, arrays: HostArray[]): void {
  if (isSpec(specs)) {
    if (!isConstant(specs)) arrays.push(leafArray(functionName, specs, inputs, path));
    else if (inputs !== null && inputs !== undefined)
      fail(functionName, path, 'a value for a constant', 'null or undefined, for it is part of the graph');
    return;
  }
  if (typeof inputs !== 'object' || inputs === null || isHostTensor(inputs) || ArrayBuffer.isView(inputs)) {
    if (inputs === undefined && namedLeaves(specs).every(({ leaf }) => isConstant(leaf as TensorSpec))) return;
    fail(
      functionName,
      path,
      describe(inputs),
      Array.isArray(specs) ? `an array of ${specs.length}` : `an object with ${Object.keys(specs as object).join(', ')}`,
    );
  }
  for (const key of Object.keys(inputs)) {
    if (!(key in (specs as object)))
      fail(functionName, join(path, key), 'a value that the specs do not have', 'only the keys of the specs');
  }
  for (const [key, child] of Object.entries(specs as object))
    bind(functionName, child, (inputs as Record<string, unknown>)[key], join(path, key), arrays);
}

function leafArray(functionName: string, leaf: TensorSpec, value: unknown, path: string): HostArray {
  const wanted = `${describeSpec(leaf)} as ${arrayNameOf(leaf.dtype)} or host tensor`;
  if (
    isHostTensor(value) &&
    (value.dtype !== leaf.dtype || value.shape.length !== leaf.shape.length || value.shape.some((size, i) => size !== leaf.shape[i]))
  ) {
    fail(functionName, path, describeSpec(value), wanted);
  }
  const array = isHostTensor(value) ? value.data : value;
  if (!holds(array, leaf.dtype)) return fail(functionName, path, describe(array), wanted);
  if (array.length !== sizeOf(leaf.shape))
    fail(functionName, path, `${array.length} values`, `${sizeOf(leaf.shape)} values for ${describeSpec(leaf)}`);
  return array;
}

function fail(functionName: string, path: string, actual: string, expected: string): never {
  throw new CompiledFunctionError('COMPILED_INPUT', `input ${path === '' ? '(all)' : path} is ${actual}`, {
    where: functionName,
    expected,
  });
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (isSpec(value)) return describeSpec(value);
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as HostArray).length})`;
  return Array.isArray(value) ? `an array of ${value.length}` : typeof value;
}
