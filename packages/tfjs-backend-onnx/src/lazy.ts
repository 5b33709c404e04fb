import { sha256Of } from '@expctr/core/platform';
import { constantValue, elementsOf } from './constants.js';
import { liveNodes, makeNode, type Graph, type Node, type Value } from './graph.js';
import { optimize } from './passes/index.js';
import { createGraphRunner, type GraphRunner } from './lazy-session.js';
import type { HostArray } from './tensors.js';

/** Sessions held for graphs of the same form; the least recently used goes first. */
const MOST_SESSIONS = 256;

/** Results that were read: later graphs start from them in place of computing them again. */
const computed = new WeakMap<Value, Value>();
const sessions = new Map<string, GraphRunner>();

/**
 * From this many nodes on, a value is computed together with all others that are alive: a loop that reads its loss but never its
 * parameters would otherwise begin at its first step each time.
 */
const LONGEST_ALONE = 1000;

/**
 * Computes a value that was recorded outside a trace, with all that leads to it. Graphs that differ in their data only share a session.
 * @param alive the values that may be asked for later
 */
export function evaluate(value: Value, alive: readonly Value[]): HostArray {
  const others = computedWith(value, alive);
  try {
    compute([value, ...others]);
  } catch (error) {
    if (others.length === 0) throw error;
    compute([value]); // another value may be at fault: this one is then computed alone, and its own error is the one to see
  }
  return elementsOf(knownValue(value)) as HostArray;
}

/** The same for who can wait, as in a browser everybody must. */
export async function evaluateLater(value: Value, alive: readonly Value[]): Promise<void> {
  const others = computedWith(value, alive);
  try {
    await computeLater([value, ...others]);
  } catch (error) {
    if (others.length === 0) throw error;
    await computeLater([value]);
  }
}

/** The other values that are to be computed with one: none, unless much leads to it. */
function computedWith(value: Value, alive: readonly Value[]): readonly Value[] {
  if (liveNodes([value], isKnown).length <= LONGEST_ALONE) return [];
  return [...new Set(alive.filter((each) => each !== value && !isKnown(each)))];
}

/** Whether a value has been computed. */
export function isKnown(value: Value): boolean {
  return computed.has(value);
}

function compute(values: readonly Value[]): void {
  const { session, data } = prepared(values);
  keep(values, session.run(data));
}

async function computeLater(values: readonly Value[]): Promise<void> {
  const { session, data } = prepared(values);
  keep(values, await session.runLater(data));
}

function prepared(values: readonly Value[]): { readonly session: GraphRunner; readonly data: readonly HostArray[] } {
  const { graph, key, data } = lifted(values);
  const session = sessions.get(key) ?? createGraphRunner(optimize(graph));
  sessions.delete(key);
  sessions.set(key, session);
  for (const [oldest, unused] of sessions) {
    if (sessions.size <= MOST_SESSIONS) break;
    sessions.delete(oldest);
    unused.dispose();
  }
  return { session, data };
}

function keep(values: readonly Value[], results: readonly HostArray[]): void {
  results.forEach((result, i) => computed.set(values[i]!, constantValue(result, values[i]!.shape, values[i]!.dtype)));
}

/** The constant that a value is, as far as it has been computed. */
export function knownValue(value: Value): Value {
  return computed.get(value) ?? value;
}

/** Gives back the sessions of lazy evaluation. */
export function disposeSessions(): void {
  for (const session of sessions.values()) session.dispose();
  sessions.clear();
}

/** A graph whose data is no part of it. */
interface LiftedGraph {
  readonly graph: Graph;
  /** Equal for graphs that differ in their data only. */
  readonly key: string;
  /** Contents of the graph's inputs. */
  readonly data: readonly HostArray[];
}

/** The program that leads to some values, with its constants made inputs. Axes, shapes and numbers of equal elements stay, for they decide what to compute. */
function lifted(results: readonly Value[]): LiftedGraph {
  const description: string[] = [];
  const inputs: Value[] = [];
  const data: HostArray[] = [];
  const ids = new Map<Value, string>();
  const replaced = new Map<Value, Value>();

  function operand(original: Value): Value {
    const value = knownValue(original);
    const done = replaced.get(value);
    if (done !== undefined) return done;
    const { origin, shape, dtype } = value;
    const type = `${dtype}[${shape.join()}]`;
    let kept = value;
    if (origin.kind === 'constant' && dtype !== 'int64') {
      kept = { shape, dtype, origin: { kind: 'input', name: `input${inputs.length}` } };
      inputs.push(kept);
      data.push(origin.data as HostArray);
      ids.set(kept, `${type} input${inputs.length}`);
    } else if (origin.kind === 'constant') ids.set(kept, `${type} ${origin.data.join()}`);
    else if (origin.kind === 'splat') ids.set(kept, `${type} all ${Object.is(origin.value, -0) ? '-0' : origin.value}`);
    replaced.set(value, kept);
    return kept;
  }

  for (const [position, node] of liveNodes(results, isKnown).entries()) {
    const operands = node.inputs.map(operand);
    const copy: Node = makeNode({ ...node, inputs: operands }, node.outputs);
    node.outputs.forEach((output, i) => {
      replaced.set(output, copy.outputs[i]!);
      ids.set(copy.outputs[i]!, `${position}:${i}`);
    });
    const types = node.outputs.map(({ shape, dtype }) => `${dtype}[${shape.join()}]`);
    description.push(
      `${node.domain} ${node.op} ${operands.map((each) => ids.get(each)).join('; ')} ${JSON.stringify(node.attributes)} ${types.join()}\n`,
    );
  }
  const outputs = results.map(operand);
  description.push(outputs.map((output) => ids.get(output)).join('; '));
  return { graph: { name: 'lazy', inputs, outputs }, key: sha256Of(description), data };
}
