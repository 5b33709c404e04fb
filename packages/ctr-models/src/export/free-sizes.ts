import type { GraphProto, TensorProto, ValueInfoProto } from 'onnx-buf';
import { CtrError } from '../errors.js';
import { createShapes, dimensionsOf, type Shapes } from './dynamic-shapes.js';

/** Operators that take a shape, and as which input. */
const SHAPE_INPUT: Readonly<Record<string, number>> = { Reshape: 1, Expand: 1, ConstantOfShape: 0 };

/**
 * Makes sizes of a traced graph free. Traces are static; two traces of one function at different sizes show which numbers of the graph
 * are sizes. `graph` is changed in place: differing dimensions of inputs get names, differing numbers in the shape of a Reshape or the
 * like are left to ONNX (-1, 0 for that of the input) or computed when it runs, shapes of intermediate results are left out, and any
 * other difference is refused.
 *
 * @param other the same program at other sizes
 * @param sizes the free dimensions by name, with their sizes in `graph` and `other`, all different
 * @throws CtrError `CTR_EXPORT` where the programs differ in more than that.
 */
export function freeSizes(graph: GraphProto, other: GraphProto, sizes: ReadonlyMap<string, readonly [number, number]>): void {
  const signature = ({ node }: GraphProto): string => JSON.stringify(node.map(({ opType, input, output }) => [opType, input, output]));
  if (signature(graph) !== signature(other) || graph.initializer.length !== other.initializer.length) {
    throw new CtrError('CTR_EXPORT', 'the graph of the backbone depends on the batch size', {
      where: graph.name,
      remedy: 'do not branch on the batch size',
    });
  }
  graph.node.forEach((node, k) => {
    const attributes = ({ attribute }: typeof node): string => String(attribute.map((a) => [a.name, a.i, a.f, a.ints]));
    if (attributes(node) !== attributes(other.node[k]!)) throw dependsOnSize(graph, node.opType, node.name);
  });
  const shapes = createShapes(graph, other, sizes);
  graph.initializer = graph.initializer.filter((tensor, k) => !freeShape(graph, tensor, other.initializer[k]!, shapes));
  graph.initializer.push(...shapes.constants);
  graph.node.unshift(...shapes.nodes);
  graph.valueInfo = []; // shapes of what is in between, which whoever runs the graph infers for its own sizes
  for (const [mine, theirs] of [[graph.input, other.input] as const, [graph.output, other.output] as const]) {
    mine.forEach((info, k) => nameDimensions(info, theirs[k]!, shapes));
  }
}

/** Exchanges a shape that holds sizes for one that does not, wherever it is used; false for what is no such shape. */
function freeShape(graph: GraphProto, tensor: TensorProto, other: TensorProto, shapes: Shapes): boolean {
  if (Buffer.compare(tensor.rawData, other.rawData) === 0 && String(tensor.dims) === String(other.dims)) return false;
  const consumers = graph.node.filter(({ input }) => input.includes(tensor.name));
  const stray = consumers.find(({ opType, input }) => input.indexOf(tensor.name) !== SHAPE_INPUT[opType]);
  if (stray !== undefined || tensor.rawData.length !== other.rawData.length)
    throw dependsOnSize(graph, stray?.opType ?? 'constant', stray?.name ?? tensor.name);
  const [shape, otherShape] = [int64s(tensor), int64s(other)];
  const free = [...shape.keys()].filter((axis) => shape[axis] !== otherShape[axis]);
  for (const node of consumers) {
    const at = SHAPE_INPUT[node.opType]!;
    if (node.opType === 'Reshape' && free.length === 1) node.input[at] = shapes.constant(shape.with(free[0]!, -1n));
    else if (node.opType === 'Reshape' && shapes.agree(node.input[0]!, shape, otherShape, free)) {
      node.input[at] = shapes.constant(shape.map((size, axis) => (free.includes(axis) ? 0n : size)));
    } else {
      const made = shapes.computed(shape, otherShape);
      if (made === undefined) throw dependsOnSize(graph, node.opType, node.name);
      node.input[at] = made;
      if (node.opType === 'Reshape') shapes.takeZeros(node); // a computed size of 0 is one
    }
  }
  return true;
}

function int64s({ rawData }: TensorProto): BigInt64Array<ArrayBuffer> {
  const copy = Uint8Array.from(rawData); // aligned, and no view into a pool of buffers
  return new BigInt64Array(copy.buffer, 0, copy.length / 8);
}

function nameDimensions(info: ValueInfoProto, other: ValueInfoProto, shapes: Shapes): void {
  const [dimensions, others] = [dimensionsOf(info), dimensionsOf(other)];
  dimensions.forEach((dimension, axis) => {
    const [mine, theirs] = [dimension, others[axis]!].map(({ value }) => Number(value.value)) as [number, number];
    if (mine !== theirs) dimension.value = { case: 'dimParam', value: shapes.nameOf(mine, theirs) ?? `${info.name}_${axis}` };
  });
}

function dependsOnSize(graph: GraphProto, op: string, name: string): CtrError {
  return new CtrError('CTR_EXPORT', `the node ${name} (${op}) has the batch size built in`, {
    where: graph.name,
    expected: 'a backbone in which only shapes depend on the batch',
    remedy: 'let constants broadcast along the batch instead of making them as long as it',
  });
}
