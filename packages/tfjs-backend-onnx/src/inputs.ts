import { CompiledFunctionError } from './errors.js';
import {
  arrayNameOf,
  describeSpec,
  holds,
  isConstant,
  isHostTensor,
  isSpec,
  shapeOf,
  sizeOf,
  type HostArray,
  type TensorSpec,
} from './tensors.js';
import { namedLeaves } from './tree.js';

/** A leaf of the input specs with its place. */
export interface InputLeaf {
  /** Argument and keys, as `params.layers.3.query`: the input's name in the graph and in messages. */
  readonly path: string;
  readonly spec: TensorSpec;
}

/** The inputs of a compiled function: their leaves, and the check of what `run` is given. */
export interface InputSignature {
  /** One tree of specs for each argument. */
  readonly specs: readonly unknown[];
  readonly argumentNames: readonly string[];
  /** The leaves of all specs, constants included. */
  readonly leaves: readonly InputLeaf[];
  /**
   * The host arrays for every leaf that is no constant, in order.
   * @throws {@link CompiledFunctionError} naming function, path, expected and actual
   */
  bind(inputs: readonly unknown[]): HostArray[];
}

/**
 * Reads the specs of all arguments.
 * @param argumentNames names of the arguments; `arg0`, `arg1`, ... unless given, and nothing where there is only one
 * @throws {@link CompiledFunctionError} at a leaf that is no spec
 */
export function inputSignature(functionName: string, specs: readonly unknown[], argumentNames: readonly string[] = []): InputSignature {
  const root = (index: number): string => argumentNames[index] ?? (specs.length === 1 ? '' : `arg${index}`);
  const leaves = specs.flatMap((tree, index) =>
    namedLeaves(tree, root(index)).map(({ path, leaf }) => {
      if (isSpec(leaf)) return { path: path === '' ? 'input' : path, spec: leaf };
      throw new CompiledFunctionError('COMPILED_INPUT', `the spec ${path} is ${describe(leaf)}`, {
        where: `compile(${functionName})`,
        expected: 'a tree of spec(shape, dtype) and constant(hostTensor)',
      });
    }),
  );
  const dynamic = leaves
    .filter(({ spec }) => !isConstant(spec))
    .flatMap(({ path, spec }, at) => (spec.dynamicAxis === undefined ? [] : [{ path, spec, at, axis: spec.dynamicAxis }]));
  return {
    specs,
    argumentNames,
    leaves,
    bind(inputs) {
      const arrays: HostArray[] = [];
      if (inputs.length > specs.length) fail(functionName, `number ${specs.length}`, 'one too many', `${specs.length} inputs`);
      specs.forEach((tree, index) => bind(functionName, tree, inputs[index], root(index), arrays));
      checkDynamic(functionName, dynamic, arrays);
      return arrays;
    },
  };
}

function bind(functionName: string, specs: unknown, inputs: unknown, path: string, arrays: HostArray[]): void {
  if (isSpec(specs)) {
    if (!isConstant(specs)) arrays.push(leafArray(functionName, specs, inputs, path));
    else if (inputs !== null && inputs !== undefined) {
      fail(functionName, path, 'a value for a constant', 'null or undefined, for it is part of the graph');
    }
    return;
  }
  if (typeof inputs !== 'object' || inputs === null || isHostTensor(inputs) || ArrayBuffer.isView(inputs)) {
    const nothing = inputs === null || inputs === undefined;
    if (nothing && isOfConstants(specs)) return;
    const keys = Object.keys(specs as object).join(', ');
    fail(functionName, path, describe(inputs), Array.isArray(specs) ? `an array of ${specs.length}` : `an object with the keys ${keys}`);
  }
  for (const key of Object.keys(inputs)) {
    if (!(key in (specs as object))) fail(functionName, join(path, key), 'not among the specs', 'only the keys of the specs');
  }
  for (const [key, child] of Object.entries(specs as object)) {
    bind(functionName, child, (inputs as Record<string, unknown>)[key], join(path, key), arrays);
  }
}

/** Whether all leaves are constants, found once for each tree: a function that runs for every token has hundreds. */
function isOfConstants(specs: unknown): boolean {
  if (isSpec(specs)) return isConstant(specs);
  const known = ofConstants.get(specs as object);
  if (known !== undefined) return known;
  const found = Object.values(specs as object).every(isOfConstants);
  ofConstants.set(specs as object, found);
  return found;
}

const ofConstants = new WeakMap<object, boolean>();

function leafArray(functionName: string, leaf: TensorSpec, value: unknown, path: string): HostArray {
  const wanted = `${describeSpec(leaf)} as ${arrayNameOf(leaf.dtype)} or host tensor`;
  const host = isHostTensor(value) ? value : undefined;
  const { dynamicAxis } = leaf;
  if (host !== undefined && describeSpec({ ...host, dynamicAxis }) !== describeSpec(leaf))
    fail(functionName, path, describeSpec(host), wanted);
  const array = host === undefined ? value : host.data;
  if (!holds(array, leaf.dtype)) return fail(functionName, path, describe(array), wanted);
  if (shapeOf(leaf, array.length) !== null) return array;
  const size = dynamicAxis === undefined ? String(sizeOf(leaf.shape)) : `a multiple of ${sizeOf(leaf.shape.toSpliced(dynamicAxis, 1))}`;
  return fail(functionName, path, `${array.length} values`, `${size} values for ${describeSpec(leaf)}`);
}

/** An input with a dynamic axis, and where it stands among the arrays. */
interface DynamicLeaf extends InputLeaf {
  readonly at: number;
  readonly axis: number;
}

/** All dynamic axes must have one size. */
function checkDynamic(functionName: string, dynamic: readonly DynamicLeaf[], arrays: readonly HostArray[]): void {
  let first: { readonly path: string; readonly size: number } | undefined;
  for (const { path, spec, at, axis } of dynamic) {
    const size = shapeOf(spec, arrays[at]!.length)![axis]!;
    first ??= { path, size };
    if (size !== first.size) fail(functionName, path, `${size} long where it is dynamic`, `${first.size}, as ${first.path}`);
  }
}

function fail(functionName: string, path: string, actual: string, expected: string): never {
  throw new CompiledFunctionError('COMPILED_INPUT', `input ${path === '' ? '' : `${path} `}is ${actual}`, {
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
