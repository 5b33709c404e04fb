import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Graph } from './graph.js';
import { serialize } from './onnx.js';
import type { DType, HostArray, HostTensor } from './tensors.js';

/** How ONNX Runtime is to run a graph. */
export interface SessionOptions {
  readonly threads?: number | undefined;
  readonly graphOptimization?: 'disabled' | 'basic' | 'extended' | 'all' | undefined;
  readonly providers?: readonly string[] | undefined;
}

/** Constants of at least this many bytes are handed over by pointer, not copied into the model. */
const EXTERNAL_BYTES = 4096;

/** A graph that can be run. */
export interface GraphSession {
  readonly nodes: number;
  readonly constantBytes: number;
  run(inputs: readonly HostArray[]): Promise<HostTensor[]>;
  dispose(): Promise<void>;
}

/** Makes an ONNX Runtime session of a graph. */
export async function createSession(
  graph: Graph,
  inputNames: readonly string[],
  outputNames: readonly string[],
  options: SessionOptions,
): Promise<GraphSession> {
  const externalData: { path: string; data: Uint8Array }[] = [];
  const { model, nodes, constantBytes } = serialize(graph, {
    inputNames,
    outputNames,
    place(name, bytes) {
      if (bytes.byteLength < EXTERNAL_BYTES) return undefined;
      externalData.push({ path: name, data: bytes });
      return { path: name, offset: 0 };
    },
  });
  const session = await InferenceSession.create(model, {
    executionProviders: [...(options.providers ?? ['cpu'])],
    graphOptimizationLevel: options.graphOptimization ?? 'all',
    intraOpNumThreads: options.threads ?? availableParallelism(),
    logSeverityLevel: 3,
    ...(externalData.length === 0 ? {} : { externalData }),
  });
  const types = graph.inputs.map(({ shape, dtype }) => ({ shape: [...shape], dtype: dtype as DType }));
  return {
    nodes,
    constantBytes,
    async run(inputs) {
      const feeds: Record<string, Tensor> = {};
      types.forEach(({ shape, dtype }, i) => (feeds[inputNames[i]!] = new Tensor(dtype, inputs[i]!, shape)));
      const results = await session.run(feeds);
      return outputNames.map((name) => {
        const { data, dims, type } = results[name]!;
        return { data: data as HostArray, shape: dims, dtype: type as DType };
      });
    },
    dispose: () => session.release(),
  };
}
