import { equalBytes } from '@expctr/core/platform';
import { bytesOf } from './constants.js';
import { TraceError } from './errors.js';
import { liveNodes, sameShape, type Graph, type Node, type Value } from './graph.js';
import type { TracedFunction } from './trace.js';
import { placeOf } from './user-line.js';

/**
 * Compares two traces of one function. Random numbers, dropout and the clock never reach a kernel: they show only as constants
 * that differ from one trace to the next.
 * @throws {@link TraceError} at the first difference
 */
export function assertSameTrace({ graph: first }: TracedFunction, { graph: second, sites }: TracedFunction): void {
  const [nodes, others] = [liveNodes(first.outputs), liveNodes(second.outputs)];
  const positions = new Map<Node, number>();
  nodes.forEach((node, i) => {
    const other = others[i];
    if (other === undefined || !sameOperation(node, other))
      throw notPure(first.name, `${node.op} in ${node.scope || 'the function'} was recorded the first time only`);
    node.inputs.forEach((input, k) => assertSame(node.op, input, other.inputs[k]!));
    positions.set(node, i);
    positions.set(other, i);
  });
  if (others.length !== nodes.length) throw notPure(first.name, 'the second call recorded more operations than the first');
  first.outputs.forEach((output, i) => assertSame('the result', output, second.outputs[i]!));

  function assertSame(user: string, a: Value, b: Value): void {
    if (sameValue(a, b, positions)) return;
    const site = sites.get(b.origin);
    const what = site === undefined ? 'operand' : `constant of shape [${b.shape.join(',')}]`;
    throw notPure(first.name, `a ${what} of ${user} differed between two calls`, site);
  }
}

/**
 * Compares what two traces with dynamic axes of different lengths became (passes/dynamic-axis.ts).
 * @throws {@link TraceError} where they differ
 */
export function assertSizeless(first: Graph, second: Graph): void {
  const traced = { structure: null, outputPaths: [], sites: new Map() };
  try {
    assertSameTrace({ ...traced, graph: first }, { ...traced, graph: second });
  } catch (cause) {
    throw new TraceError('TRACE_DYNAMIC_AXIS', 'it computes with the length of a dynamic axis, or with random numbers', {
      where: first.name,
      remedy: 'pass what depends on the length in as an input',
      cause,
    });
  }
}

function sameOperation(a: Node, b: Node): boolean {
  return a.op === b.op && a.inputs.length === b.inputs.length && JSON.stringify(a.attributes) === JSON.stringify(b.attributes);
}

function sameValue(a: Value, b: Value, positions: ReadonlyMap<Node, number>): boolean {
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false;
  if (a.origin.kind === 'node' && b.origin.kind === 'node') {
    return a.origin.index === b.origin.index && positions.get(a.origin.node) === positions.get(b.origin.node);
  }
  if (a.origin.kind === 'input' && b.origin.kind === 'input') return a.origin.name === b.origin.name;
  return sameConstant(a, b);
}

function sameConstant(a: Value, b: Value): boolean {
  if (a.origin.kind === 'splat' && b.origin.kind === 'splat') return Object.is(a.origin.value, b.origin.value);
  if (a.origin.kind !== 'constant' || b.origin.kind !== 'constant') return false;
  return a.origin.data === b.origin.data || equalBytes(bytesOf(a.origin.data), bytesOf(b.origin.data));
}

function notPure(functionName: string, what: string, site?: Error): TraceError {
  return new TraceError('TRACE_NOT_PURE', `${what}, so a graph would freeze one draw of it`, {
    where: placeOf(functionName, site),
    remedy: 'pass random numbers, dropout masks and times in as inputs',
  });
}
