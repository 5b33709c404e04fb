import type { Node, Value } from './graph.js';

/**
 * The nodes in an order that makes ONNX Runtime compute results in program order. It goes depth first from the results that nothing
 * else uses, the last written first; so these are written last to first, behind the others. A backward pass then finishes the
 * gradients of a layer before those of the layer before it, and what only they needed is freed.
 */
export function executionOrder(nodes: readonly Node[]): Node[] {
  const used = new Set<Value>(nodes.flatMap(({ inputs }) => inputs));
  const isUsed = (node: Node): boolean => node.outputs.some((output) => used.has(output));
  return [...nodes.filter(isUsed), ...nodes.filter((node) => !isUsed(node)).reverse()];
}
