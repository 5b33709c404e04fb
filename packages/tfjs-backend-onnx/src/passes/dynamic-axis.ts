import { GraphBuilder } from '../builder.js';
import { int64s, integersOf } from '../constants.js';
import { TraceError } from '../errors.js';
import { liveNodes, makeNode, type Graph, type Node, type Value, type ValueType } from '../graph.js';
import { ELEMENTWISE } from './rule.js';

/** ONNX's end of an axis, however long it is. */
const END = Number.MAX_SAFE_INTEGER;

/** What else works on any number of elements and has no sizes of its own. */
const SIZELESS = new Set([
  ...ELEMENTWISE,
  ...'MatMul FusedMatMul Softmax LogSoftmax Concat Transpose Sigmoid QuickGelu FastGelu ReduceSum ReduceMean ReduceMax ReduceMin'.split(
    ' ',
  ),
]);

/** Elements that a program may add to a dynamic axis: what is longer is a size of its own. */
const MOST_ADDED = 4;

/** A size as it is in the program for every length: below 0 where it follows from the dynamic axis, -1 for that itself, -2 for one more. */
function openSize(size: number, dynamic: number): number {
  return size >= dynamic && size % dynamic <= MOST_ADDED ? -1 - (size % dynamic) : size;
}

/**
 * The program for every size of the axes that `dynamicSpec` leaves open: the sizes that operators were given for it become such
 * that ONNX Runtime finds out.
 * @param dynamic the size that these axes have in the graph
 * @throws {@link TraceError} where an operator wants a size that is not known
 */
export function openDynamicAxis(graph: Graph, dynamic: number): Graph {
  const replaced = new Map<Value, Value>();
  const opened = (value: Value): Value => {
    const known = replaced.get(value);
    if (known !== undefined) return known;
    const made = { ...value, shape: value.shape.map((size) => openSize(size, dynamic)) };
    replaced.set(value, made);
    return made;
  };
  for (const node of liveNodes(graph.outputs)) {
    const types = node.outputs.map(({ shape, dtype }) => ({ shape: shape.map((size) => openSize(size, dynamic)), dtype }));
    const values = openNode({ ...node, inputs: node.inputs.map(opened) }, types, dynamic, graph.name);
    node.outputs.forEach((output, i) => replaced.set(output, values[i]!));
  }
  return { ...graph, inputs: graph.inputs.map(opened), outputs: graph.outputs.map(opened) };
}

const isOpen = ({ shape }: ValueType): boolean => shape.some((size) => size < 0);

function openNode(node: Node, types: readonly ValueType[], dynamic: number, name: string): readonly Value[] {
  const [x, sizes] = node.inputs;
  const again = (inputs: readonly Value[]): readonly Value[] => makeNode({ ...node, inputs }, types).outputs;
  const givenSizes = ['Reshape', 'Split'].includes(node.op) && sizes?.origin.kind === 'constant' ? integersOf(sizes) : [];
  const open = givenSizes.map((size) => openSize(size, dynamic));
  if (open.some((size) => size < 0)) {
    if (open.filter((size) => size < 0).length > 1) throw refused(node, name);
    return node.op === 'Split' ? slices(node, types, x!, open, name) : again([x!, int64s(open.map((size) => Math.max(size, -1)))]);
  }
  const made = node.inputs.some((value) => value.origin.kind !== 'node' && value.origin.kind !== 'input' && isOpen(value));
  if (made || ([...node.inputs, ...types].some(isOpen) && !SIZELESS.has(node.op))) throw refused(node, name);
  return again(node.inputs);
}

/** A split with one part of unknown size: parts before it are counted from the beginning, those behind it from the end. */
function slices(node: Node, types: readonly ValueType[], x: Value, sizes: readonly number[], name: string): readonly Value[] {
  const open = sizes.findIndex((size) => size < 0);
  const axis = node.attributes['axis'];
  if (axis?.kind !== 'int') throw refused(node, name);
  const sum = (part: readonly number[]): number => part.reduce((total, size) => total + size, 0);
  const begin = (at: number): number => (at <= open ? sum(sizes.slice(0, at)) : -sum(sizes.slice(at)));
  const end = (at: number): number => (at === sizes.length ? END : begin(at));
  const g = new GraphBuilder(() => node.scope);
  return types.map((type, at) => g.op('Slice', [x, ...[[begin(at)], [end(at + 1)], [axis.value], [1]].map(int64s)], type));
}

function refused({ op, scope }: Node, name: string): TraceError {
  return new TraceError('TRACE_DYNAMIC_AXIS', `${op}${scope === '' ? '' : ` in ${scope}`} wants the size of an axis that is dynamic`, {
    where: name,
    expected: 'elementwise operations, matrix products, softmax, reductions, concat, split, and reshapes with at most one such size',
    remedy: 'give what depends on the size as an input, or compile a function for each size with spec',
  });
}
