import type * as tf from '@tensorflow/tfjs';
import type { CompiledFunction } from './compiled-function.js';
import { constantValue } from './constants.js';
import { liveNodes, type Value } from './graph.js';
import { outputNamesFor } from './names.js';
import { openDynamicAxis } from './passes/dynamic-axis.js';
import { optimize } from './passes/index.js';
import { runnable } from './programs/program.js';
import { assertSameTrace, assertSizeless } from './purity.js';
import { isDynamic, withDynamicSize, type CompileRequest } from './request.js';
import type { SessionOptions } from './session.js';
import { DYNAMIC_SIZE, type DType, type HostArray } from './tensors.js';
import { trace } from './trace.js';

/** Another length for dynamic axes, as prime: what differs with it depends on the length. */
const OTHER_SIZE = 32_719;

/** Options of {@link onnxFunction}. */
export interface OnnxOptions extends SessionOptions {
  readonly constants?: readonly tf.Tensor[];
  readonly outputNames?: readonly string[];
}

/** Traces a function twice, compares, optimizes and makes a session of it. */
export async function onnxFunction(request: CompileRequest, options: OnnxOptions): Promise<CompiledFunction> {
  const { name, signature } = request;
  const captured = await readConstants(options.constants ?? []);
  const started = performance.now();
  const traced = trace(request, captured);
  const { graph: recorded, structure, outputPaths } = traced;
  let graph = optimize(recorded);
  if (isDynamic(request)) {
    graph = openDynamicAxis(graph, DYNAMIC_SIZE);
    const other = withDynamicSize(request, OTHER_SIZE);
    assertSizeless(graph, openDynamicAxis(optimize(trace(other, captured).graph), OTHER_SIZE));
  } else assertSameTrace(traced, trace(request, captured));
  const milliseconds = performance.now() - started;
  const inputNames = graph.inputs.map((input) => (input.origin.kind === 'input' ? input.origin.name : ''));
  const outputNames = outputNamesFor(options.outputNames ?? outputPaths, inputNames);
  const tracedNodes = liveNodes(recorded.outputs).length;
  return runnable({ name, graph, inputNames, outputNames, signature, structure, tracedNodes }, options, milliseconds);
}

async function readConstants(tensors: readonly tf.Tensor[]): Promise<Map<tf.Tensor['dataId'], Value>> {
  const entries = tensors.map(async (tensor): Promise<[tf.Tensor['dataId'], Value]> => {
    const data: unknown = await tensor.data();
    return [tensor.dataId, constantValue(data as HostArray, tensor.shape, tensor.dtype as DType)];
  });
  return new Map(await Promise.all(entries));
}
