import { processors } from '@expctr/core/platform';
import { createLazySession, Tensor, type Tensors } from '#runtime';
import { lazyProviders } from './device.js';
import { forProviders } from './for-providers.js';
import { CompiledFunctionError } from './errors.js';
import { liveNodes, type Graph } from './graph.js';
import { serialize } from './onnx.js';
import { sizeOf, type DType, type HostArray } from './tensors.js';

/** Tensors below this size are not worth a thread pool of their own. */
const ELEMENTS_FOR_THREADS = 1 << 16;

/** A graph whose results are asked for outside compiled functions. */
export interface GraphRunner {
  /** Runs it in this turn of the event loop. @throws {@link CompiledFunctionError} `COMPILED_SYNC` in a browser */
  run(inputs: readonly HostArray[]): HostArray[];
  runLater(inputs: readonly HostArray[]): Promise<HostArray[]>;
  dispose(): void;
}

/** Makes a session for lazy evaluation, on the processor unless the device is to do that, too. @throws {@link CompiledFunctionError} when ONNX Runtime refuses the graph */
export function createGraphRunner(graph: Graph): GraphRunner {
  const inputNames = graph.inputs.map((_, i) => `input${i}`);
  const outputNames = graph.outputs.map((_, i) => `output${i}`);
  const { graph: fitted, executionProviders } = forProviders(graph, inputNames, outputNames, lazyProviders());
  const { model } = serialize(fitted, { inputNames, outputNames, place: () => undefined });
  const options = {
    executionProviders,
    intraOpNumThreads: isLarge(graph) ? processors() : 1,
    logSeverityLevel: 4,
    graphOptimizationLevel: 'disabled',
    enableMemPattern: false,
  } as const;
  const session = attempt('COMPILED_SESSION', 'ONNX Runtime made no session', () => createLazySession(model, options, outputNames));
  const types = graph.inputs.map(({ shape, dtype }) => ({ shape: [...shape], dtype: dtype as DType }));
  const feedsOf = (inputs: readonly HostArray[]): Tensors =>
    Object.fromEntries(inputs.map((data, i) => [inputNames[i]!, new Tensor(types[i]!.dtype, data, types[i]!.shape)]));
  const arraysOf = (results: Tensors): HostArray[] => outputNames.map((name) => results[name]!.data as HostArray);
  return {
    run: (inputs) => arraysOf(attempt('COMPILED_RUN', FAILED, () => session.run(feedsOf(inputs)))),
    async runLater(inputs) {
      const results = await session.runLater(feedsOf(inputs)).catch((cause: unknown) => {
        throw failure('COMPILED_RUN', FAILED, cause);
      });
      return arraysOf(results);
    },
    dispose: () => session.dispose(),
  };
}

const FAILED = 'ONNX Runtime failed';

function isLarge(graph: Graph): boolean {
  const values = [...graph.inputs, ...liveNodes(graph.outputs).flatMap(({ outputs }) => outputs)];
  return values.some(({ shape }) => sizeOf(shape) >= ELEMENTS_FOR_THREADS);
}

type Code = 'COMPILED_SESSION' | 'COMPILED_RUN';

function attempt<T>(code: Code, what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw failure(code, what, cause);
  }
}

function failure(code: Code, what: string, cause: unknown): CompiledFunctionError {
  if (cause instanceof CompiledFunctionError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CompiledFunctionError(code, `${what}: ${message}`, { where: 'lazy evaluation', cause });
}
