import { GraphBuilder } from '../builder.js';
import { liveNodes, makeNode, type Graph, type Node, type Value } from '../graph.js';
import { chooseNow, dropNeutral } from './algebra.js';
import { absorbExpand } from './broadcast.js';
import { foldShapes, foldUniform } from './fold-constants.js';
import { absorbBatchExpand, foldTransposes, transposeLargeLeft } from './matrix-products.js';
import { mergeMoves, removeIdentities, transposeToReshape } from './moves.js';
import { fuseRmsNorm } from './rms-norm.js';
import type { Rule } from './rule.js';
import { UniqueTable } from './unique.js';

/** All rules, in the order in which they are tried. */
const RULES: readonly Rule[] = [
  removeIdentities,
  foldUniform,
  foldShapes,
  mergeMoves,
  transposeToReshape,
  dropNeutral,
  chooseNow,
  absorbExpand,
  absorbBatchExpand,
  foldTransposes,
  transposeLargeLeft,
  fuseRmsNorm,
];

/**
 * The same program with fewer nodes: dead code, common subexpressions and repeated constants go, and every node is rewritten by the
 * rules until none applies. One sweep in program order is enough, because a node's inputs are in their final form when it is reached.
 */
export function optimize(graph: Graph): Graph {
  return rewrite(graph, RULES);
}

/** The program with every node rewritten by the rules until none applies. */
export function rewrite(graph: Graph, rules: readonly Rule[]): Graph {
  const unique = new UniqueTable();
  const replaced = new Map<Value, Value>();
  let scope = '';
  const builder = new GraphBuilder(() => scope, simplify);

  function simplify(node: Node): readonly Value[] {
    if (node.outputs.length === 1) {
      for (const rule of rules) {
        const value = rule(node, builder);
        if (value !== undefined) return [unique.constant(value)];
      }
    }
    // a rule may hand over a constant that it has just made
    const inputs = node.inputs.map((input) => unique.constant(input));
    const same = inputs.every((input, i) => input === node.inputs[i]);
    return unique.node(same ? node : makeNode({ ...node, inputs }, node.outputs));
  }

  for (const node of liveNodes(graph.outputs)) {
    scope = node.scope;
    const inputs = node.inputs.map((input) => replaced.get(input) ?? unique.constant(input));
    const values = simplify(makeNode({ op: node.op, domain: node.domain, attributes: node.attributes, scope, inputs }, node.outputs));
    node.outputs.forEach((output, i) => replaced.set(output, values[i]!));
  }
  return { ...graph, outputs: graph.outputs.map((output) => replaced.get(output) ?? unique.constant(output)) };
}
