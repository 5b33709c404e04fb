import { writeFileAtomic } from '@expctr/core';
import type { Graph } from './graph.js';
import { serialize } from './onnx.js';

/** Writes a graph as one `.onnx` file. */
export async function saveGraph(graph: Graph, inputNames: readonly string[], outputNames: readonly string[], path: string): Promise<void> {
  const { model } = serialize(graph, { inputNames, outputNames, place: () => undefined });
  await writeFileAtomic(path, model);
}
