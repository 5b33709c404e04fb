import type { DType, HostArray } from './tensors.js';

/** Element types inside a graph: those of tensors, int64 for the shapes and axes that ONNX operators take, float64 between two casts. */
export type ElementType = DType | 'int64' | 'float64';

/** Arrays that hold constants. */
export type ConstantArray = HostArray | BigInt64Array | Float64Array;

/** An attribute of an ONNX node, with the kind that ONNX stores it as. */
export type Attribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'string'; readonly value: string };

/** Attributes by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** Where a value comes from. */
export type Origin =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: ConstantArray; readonly label?: string }
  /** Every element is the same number: kept as that number, however large the shape. */
  | { readonly kind: 'splat'; readonly value: number }
  | { readonly kind: 'node'; readonly node: Node; readonly index: number };

/** A tensor in a graph. Values point at their producers, so what nothing reaches is dead by construction. */
export interface Value {
  /** Sizes by axis; below 0 where a run decides (passes/dynamic-axis.ts). */
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  readonly origin: Origin;
}

/** An operation in a graph. */
export interface Node {
  /** Position in the program: inputs have smaller numbers. */
  readonly sequence: number;
  /** ONNX operator. */
  readonly op: string;
  /** ONNX domain, empty for the standard one. */
  readonly domain: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  /** tfjs scopes around it, joined by slashes. */
  readonly scope: string;
}

/** A program: named inputs and the values it returns. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** Shape and element type of a node's output. */
export type ValueType = Pick<Value, 'shape' | 'dtype'>;

/** The domain of ONNX Runtime's own operators. */
export const MICROSOFT = 'com.microsoft';

let nextSequence = 0;

/** Makes a node; its outputs point back at it. */
export function makeNode(fields: Omit<Node, 'sequence' | 'outputs'>, types: readonly ValueType[]): Node {
  const outputs: Value[] = [];
  const node: Node = { ...fields, sequence: nextSequence++, outputs };
  for (const [index, { shape, dtype }] of types.entries()) outputs.push({ shape, dtype, origin: { kind: 'node', node, index } });
  return node;
}

/** The nodes that the outputs depend on, in program order. @param isKnown ends the search at values that need no computing */
export function liveNodes(outputs: readonly Value[], isKnown: (value: Value) => boolean = () => false): Node[] {
  const seen = new Set<Node>();
  const pending: Value[] = [...outputs];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    const node = producerOf(value);
    if (node === undefined || seen.has(node) || isKnown(value)) continue;
    seen.add(node);
    pending.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.sequence - b.sequence);
}

/** The node that computes a value; undefined for inputs and constants. */
export function producerOf(value: Value): Node | undefined {
  return value.origin.kind === 'node' ? value.origin.node : undefined;
}

/** The producer if it is the operator `op` of the standard domain. */
export function producedBy(value: Value, op: string): Node | undefined {
  const node = producerOf(value);
  return node?.op === op && node.domain === '' ? node : undefined;
}

/** Whether two shapes are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** An integer attribute. */
export const int = (value: number): Attribute => ({ kind: 'int', value });
/** A float attribute. */
export const float = (value: number): Attribute => ({ kind: 'float', value });
/** An attribute that is a list of integers. */
export const ints = (value: readonly number[]): Attribute => ({ kind: 'ints', value });
/** A string attribute. */
export const string = (value: string): Attribute => ({ kind: 'string', value });

/** Bytes of one element. */
export function elementBytes(dtype: ElementType): number {
  return { float32: 4, float64: 8, int32: 4, int64: 8, bool: 1, int8: 1, uint8: 1, float16: 2 }[dtype];
}
