import { checkOptions, type OptionKeys } from '@expctr/core';
import { profile } from '#profile';
import type { CompiledFunction } from '../compiled-function.js';
import { liveNodes } from '../graph.js';
import { nameGraph } from '../names.js';
import { printGraph } from '../print.js';
import { programOf } from '../programs/program.js';
import { costOf } from './cost.js';
import { table } from './table.js';
import { Totals, type Amounts, type Cost } from './totals.js';

/** A compiled function described. */
export interface Description {
  /** Name of the function. */
  readonly name: string;
  /** Costs of every tfjs scope with all that is inside it, in program order; the first is the whole. */
  readonly scopes: readonly Cost[];
  /** Costs by ONNX operator. */
  readonly operators: readonly Cost[];
  /** Bytes of the constants that the graph holds. */
  readonly constantBytes: number;
  /** The graph, one line a node: `forward/layer0/matMul/MatMul:0: float32[2,4] = MatMul(x, w)`. */
  readonly graph: string;
  /** Tables of the costs, then the graph. @param depth how many levels of scopes the table shows; default 2 */
  toString(depth?: number): string;
}

/** Options of {@link describe}. */
export interface DescribeOptions<I> {
  /** What to run it on for a time profile; without it there is none. */
  readonly inputs?: I;
  /** Timed runs after one to warm up. Default 3. */
  readonly runs?: number;
}

const DESCRIBE_OPTIONS: OptionKeys<DescribeOptions<never>> = { inputs: true, runs: true };

/**
 * Describes a compiled function: its graph as text, and what it costs by tfjs scope and by operator. With `inputs` it is run in a
 * session of its own under ONNX Runtime's profiler, which gives the time of each node.
 * @throws {@link CompiledFunctionError} when it runs eagerly and has no graph
 */
export async function describe<I>(compiled: CompiledFunction<I>, parameters: DescribeOptions<I> = {}): Promise<Description> {
  checkOptions('describe', parameters, DESCRIBE_OPTIONS);
  const { inputs, runs = 3 } = parameters;
  const { program, options } = programOf(compiled);
  const { graph, inputNames, outputNames, signature } = program;
  const timed = inputs !== undefined;
  const times = timed ? await profile(program, options, signature.bind(inputs as readonly unknown[]), runs) : [];
  const [byScope, byOperator] = [new Totals(), new Totals()];
  const add = (name: string, op: string, amounts: Amounts): void => {
    for (const scope of enclosing(name)) byScope.add(scope, amounts);
    byOperator.add(op, amounts);
  };
  const names = nameGraph(graph, inputNames, outputNames).nodes;
  const nodes = liveNodes(graph.outputs);
  for (const node of nodes) add(names.get(node)!, node.op, { nodes: 1, ...costOf(node) });
  for (const { name, op, milliseconds } of times) add(name, op, { milliseconds });

  const { name, stats } = compiled;
  const [scopes, operators] = [byScope.costs(timed), byOperator.costs(timed)];
  const text = printGraph(graph, inputNames, outputNames);
  return {
    name,
    scopes,
    operators,
    constantBytes: stats.bytes,
    graph: text,
    toString(depth = 2) {
      const shown = scopes.filter((scope) => scope.name === '' || scope.name.split('/').length <= depth);
      const title = `${name}: ${nodes.length} nodes, ${stats.bytes} bytes of constants`;
      return [title, table('scope', shown), table('operator', operators), text].join('\n\n');
    },
  };
}

/** All scopes around a node, the whole first: `a/b/MatMul` is in ``, `a` and `a/b`. */
function enclosing(nodeName: string): string[] {
  const path = nodeName.split('/').slice(0, -1);
  return ['', ...path.map((_, i) => path.slice(0, i + 1).join('/'))];
}
