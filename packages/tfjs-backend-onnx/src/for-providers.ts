import type { InferenceSession } from 'onnxruntime-common';
import type { Graph } from './graph.js';
import { nodesForProcessor, portable } from './passes/portable.js';
import type { Provider } from './providers.js';

/** A program as the providers can run it, and the providers as ONNX Runtime takes them. */
export interface FittedProgram {
  readonly graph: Graph;
  readonly executionProviders: InferenceSession.ExecutionProviderConfig[];
}

/** Fits a program to the providers that are to run it. */
export function forProviders(
  graph: Graph,
  inputNames: readonly string[],
  outputNames: readonly string[],
  providers: readonly Provider[],
): FittedProgram {
  const [first] = providers;
  const usable = first === 'cpu' || first === 'cuda' ? graph : portable(graph);
  return {
    graph: usable,
    executionProviders: providers.map((name) => (name === 'webgpu' ? webGpu(nodesForProcessor(usable, inputNames, outputNames)) : name)),
  };
}

/** @param forProcessor nodes that it is to leave alone */
function webGpu(forProcessor: readonly string[]): InferenceSession.WebGpuExecutionProviderOption {
  return {
    name: 'webgpu',
    preferredLayout: 'NCHW', // in its own layout of images it computes some convolutions wrong
    ...(forProcessor.length === 0 ? {} : { forceCpuNodeNames: forProcessor }),
  };
}
