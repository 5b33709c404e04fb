import type * as tf from '@tensorflow/tfjs';
import { constantValue } from './constants.js';
import type { CompiledFunction, NamedSpec } from './compiled-function.js';
import { CompiledFunctionError } from './errors.js';
import { liveNodes, type Value } from './graph.js';
import type { CompileRequest } from './request.js';
import { outputNamesFor } from './names.js';
import { optimize } from './passes/index.js';
import { saveGraph } from './save.js';
import { assertSameTrace } from './purity.js';
import { createSession, type SessionOptions } from './session.js';
import type { DType, HostArray } from './tensors.js';
import { trace } from './trace.js';
import { mapTree } from './tree.js';

/** Traces a function twice, compares, optimizes and makes a session of it. */
export async function onnxFunction(
  request: CompileRequest,
  options: SessionOptions & { readonly constants?: readonly tf.Tensor[]; readonly outputNames?: readonly string[] },
): Promise<CompiledFunction> {
  const { name, signature } = request;
  const captured = await readConstants(options.constants ?? []);
  const started = performance.now();
  const { graph: recorded, structure, outputPaths } = trace(request, captured);
  assertSameTrace(recorded, trace(request, captured).graph);
  const graph = optimize(recorded);
  const traced = performance.now();
  const inputNames = graph.inputs.map((input) => (input.origin.kind === 'input' ? input.origin.name : ''));
  const outputNames = outputNamesFor(options.outputNames ?? outputPaths, inputNames);
  const session = await createSession(graph, inputNames, outputNames, options);
  const created = performance.now();
  let disposed = false;

  return {
    name,
    backend: 'onnx',
    inputs: namedSpecs(graph.inputs, inputNames),
    outputs: namedSpecs(graph.outputs, outputNames),
    stats: {
      nodes: session.nodes,
      tracedNodes: liveNodes(recorded.outputs).length,
      bytes: session.constantBytes,
      traceMilliseconds: traced - started,
      sessionMilliseconds: created - traced,
    },
    async run(inputs) {
      if (disposed) throw new CompiledFunctionError('COMPILED_DISPOSED', 'run was called after dispose', { where: name });
      const results = await session.run(signature.bind(inputs));
      return mapTree<unknown, [number], unknown>(structure, (leaf) => results[leaf]);
    },
    save: (path) => saveGraph(graph, inputNames, outputNames, path),
    async dispose() {
      if (disposed) return;
      disposed = true;
      await session.dispose();
    },
  };
}

async function readConstants(tensors: readonly tf.Tensor[]): Promise<Map<tf.Tensor['dataId'], Value>> {
  const entries = tensors.map(async (tensor): Promise<[tf.Tensor['dataId'], Value]> => {
    const data: unknown = await tensor.data();
    return [tensor.dataId, constantValue(data as HostArray, tensor.shape, tensor.dtype as DType)];
  });
  return new Map(await Promise.all(entries));
}

function namedSpecs(values: readonly Value[], names: readonly string[]): NamedSpec[] {
  return values.map(({ shape, dtype }, i) => ({ name: names[i]!, shape, dtype: dtype as DType }));
}
