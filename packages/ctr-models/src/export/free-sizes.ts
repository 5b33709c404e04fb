import type { GraphProto, TensorProto, ValueInfoProto } from 'onnx-buf';
import { CtrError } from '../errors.js';

/**
 * Makes sizes of a traced graph free. Traces are static; two traces of one function at different sizes show which numbers of the graph
 * are sizes. `graph` is changed in place: differing dimensions of inputs and outputs get names, differing numbers in the shape of a
 * Reshape become -1 (one) or 0 (several: as in the input), shapes of intermediate results are left out, and any other difference is refused.
 *
 * @param other the same program at other sizes
 * @param nameDimension names a free dimension of an input or output
 * @throws CtrError `CTR_EXPORT` where the programs differ in more than that.
 */
export function freeSizes(graph: GraphProto, other: GraphProto, nameDimension: (name: string, axis: number) => string): void {
  const signature = ({ node }: GraphProto): string => JSON.stringify(node.map(({ opType, input, output }) => [opType, input, output]));
  if (signature(graph) !== signature(other) || graph.initializer.length !== other.initializer.length) {
    throw new CtrError('CTR_EXPORT', 'the graph of the backbone depends on the batch size', {
      where: graph.name,
      remedy: 'do not branch on the batch size',
    });
  }
  graph.node.forEach((node, k) => {
    if (
      String(node.attribute.map((a) => [a.name, a.i, a.f, a.ints])) !==
      String(other.node[k]!.attribute.map((a) => [a.name, a.i, a.f, a.ints]))
    ) {
      throw dependsOnSize(graph, node.opType, node.name);
    }
  });
  graph.initializer.forEach((tensor, k) => freeShape(graph, tensor, other.initializer[k]!));
  graph.valueInfo = []; // shapes of what is in between, which whoever runs the graph infers for its own sizes
  for (const [mine, theirs] of [[graph.input, other.input] as const, [graph.output, other.output] as const]) {
    mine.forEach((info, k) => freeDimensions(info, theirs[k]!, nameDimension));
  }
}

function freeShape(graph: GraphProto, tensor: TensorProto, other: TensorProto): void {
  if (Buffer.compare(tensor.rawData, other.rawData) === 0 && String(tensor.dims) === String(other.dims)) return;
  const consumers = graph.node.filter(({ input }) => input.includes(tensor.name));
  const stray = consumers.find(({ opType, input }) => opType !== 'Reshape' || input[1] !== tensor.name);
  if (stray !== undefined || tensor.rawData.length !== other.rawData.length)
    throw dependsOnSize(graph, stray?.opType ?? 'constant', stray?.name ?? tensor.name);
  const shape = int64s(tensor);
  const otherShape = int64s(other);
  const free = [...shape.keys()].filter((axis) => shape[axis] !== otherShape[axis]);
  for (const axis of free) shape[axis] = free.length === 1 ? -1n : 0n;
  tensor.rawData = new Uint8Array(shape.buffer);
}

function int64s({ rawData }: TensorProto): BigInt64Array<ArrayBuffer> {
  const copy = Uint8Array.from(rawData); // aligned, and no view into a pool of buffers
  return new BigInt64Array(copy.buffer, 0, copy.length / 8);
}

function freeDimensions(info: ValueInfoProto, other: ValueInfoProto, nameDimension: (name: string, axis: number) => string): void {
  const dimensions = dimensionsOf(info);
  const otherDimensions = dimensionsOf(other);
  dimensions.forEach((dimension, axis) => {
    if (dimension.value.value === otherDimensions[axis]!.value.value) return;
    dimension.value = { case: 'dimParam', value: nameDimension(info.name, axis) };
  });
}

function dimensionsOf({
  type,
}: ValueInfoProto): NonNullable<Extract<NonNullable<ValueInfoProto['type']>['value'], { case: 'tensorType' }>['value']['shape']>['dim'] {
  return type?.value.case === 'tensorType' ? (type.value.value.shape?.dim ?? []) : [];
}

function dependsOnSize(graph: GraphProto, op: string, name: string): CtrError {
  return new CtrError('CTR_EXPORT', `the node ${name} (${op}) has the batch size built in`, {
    where: graph.name,
    expected: 'a backbone in which only shapes of tf.reshape depend on the batch',
    remedy: 'let constants broadcast along the batch instead of making them as long as it',
  });
}
