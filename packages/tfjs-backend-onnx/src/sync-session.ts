import { availableParallelism } from 'node:os';
import { Tensor } from 'onnxruntime-node';
// The public API runs the same binding in a later turn of the event loop. tfjs's `dataSync` cannot wait for one.
import { binding, initOrt } from 'onnxruntime-node/dist/binding.js';
import { lazyProviders } from './device.js';
import { forProviders } from './for-providers.js';
import { CompiledFunctionError } from './errors.js';
import { liveNodes, type Graph } from './graph.js';
import { serialize } from './onnx.js';
import { sizeOf, type DType, type HostArray } from './tensors.js';

/** Tensors below this size are not worth a thread pool of their own. */
const ELEMENTS_FOR_THREADS = 1 << 16;

/** A graph that is run at once, in this turn of the event loop. */
export interface SyncSession {
  run(inputs: readonly HostArray[]): HostArray[];
  dispose(): void;
}

/** Makes a session for lazy evaluation, on the processor unless the device is to do that, too. @throws {@link CompiledFunctionError} when ONNX Runtime refuses the graph */
export function createSyncSession(graph: Graph): SyncSession {
  const inputNames = graph.inputs.map((_, i) => `input${i}`);
  const outputNames = graph.outputs.map((_, i) => `output${i}`);
  const { graph: fitted, executionProviders } = forProviders(graph, inputNames, outputNames, lazyProviders());
  const { model } = serialize(fitted, { inputNames, outputNames, place: () => undefined });
  const session = attempt('COMPILED_SESSION', 'ONNX Runtime made no session', () => {
    initOrt();
    const created = new binding.InferenceSession();
    created.loadModel(model.buffer as ArrayBuffer, model.byteOffset, model.byteLength, {
      executionProviders,
      intraOpNumThreads: isLarge(graph) ? availableParallelism() : 1,
      logSeverityLevel: 4,
      graphOptimizationLevel: 'disabled',
      enableMemPattern: false,
    });
    return created;
  });
  const types = graph.inputs.map(({ shape, dtype }) => ({ shape: [...shape], dtype: dtype as DType }));
  return {
    run(inputs) {
      const feeds = Object.fromEntries(inputs.map((data, i) => [inputNames[i]!, new Tensor(types[i]!.dtype, data, types[i]!.shape)]));
      const fetches = Object.fromEntries(outputNames.map((name) => [name, null]));
      const results = attempt('COMPILED_RUN', 'ONNX Runtime failed', () => session.run(feeds, fetches, {}));
      return outputNames.map((name) => (results[name] as Tensor).data as HostArray);
    },
    dispose: () => session.dispose(),
  };
}

function isLarge(graph: Graph): boolean {
  const values = [...graph.inputs, ...liveNodes(graph.outputs).flatMap(({ outputs }) => outputs)];
  return values.some(({ shape }) => sizeOf(shape) >= ELEMENTS_FOR_THREADS);
}

function attempt<T>(code: 'COMPILED_SESSION' | 'COMPILED_RUN', what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new CompiledFunctionError(code, `${what}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      where: 'lazy evaluation',
      cause,
    });
  }
}
