import type { GraphBuilder } from '../builder.js';
import type { Node, Value } from '../graph.js';

/**
 * A local simplification: what to put in a node's place, or undefined where the rule does not apply.
 *
 * A rule may look at what produced the node's inputs, never at who else uses them: the same program text then becomes the same
 * nodes in every graph, so that a forward pass gives the same bits with and without its backward pass.
 */
export type Rule = (node: Node, graph: GraphBuilder) => Value | undefined;

/** Elementwise operators with broadcasting: each result element depends on one element of each input. */
export const ELEMENTWISE = new Set(
  `Add Sub Mul Div Max Min Pow Mod And Or Xor Equal Greater GreaterOrEqual Less LessOrEqual Where
   Abs Neg Sign Not Ceil Floor Round Sqrt Reciprocal Exp Log Tanh Erf Softplus Relu LeakyRelu Cast
   Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh IsNaN IsInf`.split(/\s+/),
);
