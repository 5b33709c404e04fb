import { liveNodes, type Attribute, type Graph } from './graph.js';
import { nameGraph } from './names.js';
import { describeSpec } from './tensors.js';

/** A graph as text, one line a node: `name: float32[2,3] = MatMul(x, w) {transA=1}`. */
export function printGraph(graph: Graph, inputNames: readonly string[], outputNames: readonly string[]): string {
  const { values } = nameGraph(graph, inputNames, outputNames);
  const lines = liveNodes(graph.outputs).map((node) => {
    const results = node.outputs.map((output) => `${values.get(output)!}: ${describeSpec(output)}`).join(', ');
    const operands = node.inputs.map((input) => {
      if (input.origin.kind === 'splat') return `${input.origin.value}`;
      if (input.origin.kind === 'constant' && input.origin.data.length <= 8) return `[${input.origin.data.join(',')}]`;
      return values.get(input)!;
    });
    const attributes = Object.entries(node.attributes).map(([name, attribute]) => `${name}=${shown(attribute)}`);
    return `${results} = ${node.op}(${operands.join(', ')})${attributes.length === 0 ? '' : ` {${attributes.join(', ')}}`}`;
  });
  return lines.join('\n');
}

function shown(attribute: Attribute): string {
  return attribute.kind === 'ints' ? `[${attribute.value.join(',')}]` : String(attribute.value);
}
