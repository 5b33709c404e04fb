import { int64s, splatValue, uniformValue } from './constants.js';
import { int, makeNode, sameShape, type Attributes, type ElementType, type Node, type Value, type ValueType } from './graph.js';

/** ONNX's numbers for element types (TensorProto.DataType). */
export const ONNX_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
} as const satisfies Record<ElementType, number>;

/** Records ONNX nodes: what lowerings write their operations with. */
export class GraphBuilder {
  readonly #scope: () => string;
  readonly #finish: (node: Node) => readonly Value[];

  /**
   * @param scope gives the tfjs scopes around the operation that is recorded now
   * @param finish may put other values in a new node's place; passes simplify there
   */
  constructor(scope: () => string, finish: (node: Node) => readonly Value[] = (node) => node.outputs) {
    this.#scope = scope;
    this.#finish = finish;
  }

  /** A node with one output. */
  op(op: string, inputs: readonly Value[], type: ValueType, attributes: Attributes = {}, domain = ''): Value {
    return this.ops(op, inputs, [type], attributes, domain)[0]!;
  }

  /** A node with several outputs. */
  ops(op: string, inputs: readonly Value[], types: readonly ValueType[], attributes: Attributes = {}, domain = ''): readonly Value[] {
    return this.#finish(makeNode({ op, domain, inputs, attributes, scope: this.#scope() }, types));
  }

  /** An elementwise node of one input that keeps shape and type. */
  unary(op: string, x: Value, attributes: Attributes = {}): Value {
    return this.op(op, [x], x, attributes);
  }

  /** An elementwise node of two inputs with broadcasting. @param dtype of the result, the first input's unless given */
  binary(op: string, a: Value, b: Value, dtype: ElementType = a.dtype): Value {
    return this.op(op, [a, b], { shape: broadcastShape(a.shape, b.shape), dtype });
  }

  /** An elementwise choice with broadcasting. */
  where(condition: Value, yes: Value, no: Value): Value {
    const shape = broadcastShape(condition.shape, broadcastShape(yes.shape, no.shape));
    if (yes.dtype !== 'bool') return this.op('Where', [condition, yes, no], { shape, dtype: yes.dtype });
    // ONNX Runtime has no Where for bool on the CPU
    const chosen = this.op('Where', [condition, this.cast(yes, 'int32'), this.cast(no, 'int32')], { shape, dtype: 'int32' });
    return this.cast(chosen, 'bool');
  }

  /** A scalar constant. */
  scalar(value: number, dtype: ElementType = 'float32'): Value {
    return splatValue(value, [], dtype);
  }

  /** A scalar constant of the type of `like`. */
  scalarLike(value: number, like: Value): Value {
    return splatValue(value, [], like.dtype);
  }

  /** A list of int64, for shapes, axes and slices. */
  integers(values: readonly number[]): Value {
    return int64s(values);
  }

  /** The same elements in another shape. */
  reshape(x: Value, shape: readonly number[]): Value {
    if (sameShape(x.shape, shape)) return x;
    // unless told otherwise, ONNX reads a size of 0 as that of the input's axis
    const attributes = shape.includes(0) ? { allowzero: int(1) } : {};
    return this.op('Reshape', [x, int64s(shape)], { shape, dtype: x.dtype }, attributes);
  }

  /** The same elements as another type: floats are truncated, bool is `!= 0`. */
  cast(x: Value, dtype: ElementType): Value {
    return x.dtype === dtype ? x : this.op('Cast', [x], { shape: x.shape, dtype }, { to: int(ONNX_TYPES[dtype]) });
  }

  /** Broadcasts to a shape. */
  expand(x: Value, shape: readonly number[]): Value {
    const uniform = uniformValue(x);
    if (uniform !== undefined) return splatValue(uniform, shape, x.dtype);
    return sameShape(x.shape, shape) ? x : this.op('Expand', [x, int64s(shape)], { shape, dtype: x.dtype });
  }

  /** Exchanges axes. */
  transpose(x: Value, permutation: readonly number[]): Value {
    const shape = permutation.map((axis) => x.shape[axis]!);
    return this.op('Transpose', [x], { shape, dtype: x.dtype }, { perm: { kind: 'ints', value: permutation } });
  }

  /** `x[starts:ends:steps]` along `axes`; the result's shape is computed from them, which must lie within `x`. */
  slice(x: Value, starts: readonly number[], ends: readonly number[], axes: readonly number[], steps: readonly number[]): Value {
    const shape = [...x.shape];
    axes.forEach((axis, i) => (shape[axis] = Math.max(0, Math.ceil((ends[i]! - starts[i]!) / steps[i]!))));
    const bounds = [starts, ends.map((end, i) => (steps[i]! < 0 && end < 0 ? -Number.MAX_SAFE_INTEGER : end)), axes, steps];
    return this.op('Slice', [x, ...bounds.map((list) => int64s(list))], { shape, dtype: x.dtype });
  }

  /** A reduction over `axes` (sorted, not negative); nothing happens to no axes. */
  reduce(op: string, x: Value, axes: readonly number[], keepDims: boolean): Value {
    if (axes.length === 0) return x;
    const shape = x.shape.flatMap((size, axis) => (!axes.includes(axis) ? [size] : keepDims ? [1] : []));
    return this.op(op, [x, int64s(axes)], { shape, dtype: x.dtype }, { keepdims: int(Number(keepDims)) });
  }
}

/** The shape that two shapes broadcast to. @throws RangeError when they do not */
export function broadcastShape(a: readonly number[], b: readonly number[]): readonly number[] {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new RangeError(`shapes [${a.join(',')}] and [${b.join(',')}] do not broadcast`);
    return x === 1 ? y : x;
  });
}
