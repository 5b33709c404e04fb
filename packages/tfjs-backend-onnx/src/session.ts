import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Graph } from './graph.js';
import { serialize } from './onnx.js';
import type { DType, HostArray, HostTensor } from './tensors.js';

/**
 * How far ONNX Runtime rewrites a graph. `'exact'` (the default) is `'basic'` without the rewrites whose result differs in the last
 * bits and which apply only where nothing else uses an intermediate result: with them, a forward pass alone and the same forward pass
 * with its backward pass would differ. The other levels are ONNX Runtime's own.
 */
export type GraphOptimization = 'exact' | 'disabled' | 'basic' | 'extended' | 'all';

/** Rewrites of level `basic` that depend on other uses of a result and change bits: a bias put into a product is added first, not last. */
const INEXACT_REWRITES = ['MatMulAddFusion', 'GemmSumFusion', 'DivMulFusion', 'GeluFusionL1', 'LayerNormFusionL1'];

function optimizationOptions(level: GraphOptimization): InferenceSession.SessionOptions {
  if (level !== 'exact') return { graphOptimizationLevel: level };
  return { graphOptimizationLevel: 'basic', extra: { optimization: { disable_specified_optimizers: INEXACT_REWRITES.join(';') } } };
}

/** How ONNX Runtime is to run a graph. */
export interface SessionOptions {
  readonly threads?: number | undefined;
  readonly graphOptimization?: GraphOptimization | undefined;
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
    intraOpNumThreads: options.threads ?? availableParallelism(),
    logSeverityLevel: 3,
    ...optimizationOptions(options.graphOptimization ?? 'exact'),
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
