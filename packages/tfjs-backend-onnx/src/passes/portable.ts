import { integersOf } from '../constants.js';
import { nameGraph } from '../names.js';
import { int, liveNodes, MICROSOFT, type Graph, type Node, type Value } from '../graph.js';
import { rewrite } from './index.js';
import { flag } from './matrix-products.js';
import type { Rule } from './rule.js';

/** ONNX Runtime has FusedMatMul on the processor and with CUDA: elsewhere each one would fetch its operands from the GPU. */
const spreadFusedProducts: Rule = (node, g) => {
  if (node.op !== 'FusedMatMul' || node.domain !== MICROSOFT) return undefined;
  const [a, b] = node.inputs as [Value, Value];
  const [transA, transB] = [flag(node, 'transA'), flag(node, 'transB')];
  const type = node.outputs[0]!;
  if (a.shape.length === 2 && b.shape.length === 2) {
    return g.op('Gemm', [a, b], type, { transA: int(Number(transA)), transB: int(Number(transB)) });
  }
  const turned = (x: Value): Value => {
    const axes = [...x.shape.keys()];
    return g.transpose(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
  };
  return g.op('MatMul', [transA ? turned(a) : a, transB ? turned(b) : b], type);
};

/** The same program in operators that every execution provider may have. */
export function portable(graph: Graph): Graph {
  return rewrite(graph, [spreadFusedProducts]);
}

/** Names of the nodes of a portable graph that WebGPU takes and then fails at, or computes wrong (ONNX Runtime 1.30). */
export function nodesForProcessor(graph: Graph, inputNames: readonly string[], outputNames: readonly string[]): string[] {
  const { nodes } = nameGraph(graph, inputNames, outputNames);
  return liveNodes(graph.outputs)
    .filter(failsOnWebGpu)
    .map((node) => nodes.get(node)!);
}

function failsOnWebGpu({ op, inputs, outputs }: Node): boolean {
  const overThreeAxes = inputs[0]?.shape.length === 5;
  switch (op) {
    case 'MaxPool':
      return overThreeAxes || outputs.length > 1; // it has no places of maxima
    case 'AveragePool':
    case 'ConvTranspose':
      return overThreeAxes;
    case 'Slice':
      return integersOf(inputs[4]).some((step) => step < 0);
    default:
      return false;
  }
}
