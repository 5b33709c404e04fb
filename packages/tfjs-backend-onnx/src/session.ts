import { processors } from '@expctr/core/platform';
import type { InferenceSession } from 'onnxruntime-common';
import { createSession as createRuntimeSession, Tensor } from '#runtime';
import { defaultProviders } from './device.js';
import { CompiledFunctionError } from './errors.js';
import { executionOrder } from './execution-order.js';
import { forProviders } from './for-providers.js';
import type { Graph } from './graph.js';
import { serialize } from './onnx.js';
import { assertProviders, providerFailure, type Provider } from './providers.js';
import { canStay, onDevice } from './resident.js';
import { shapeOf, type DType, type HostArray, type HostTensor, type TensorSpec } from './tensors.js';

/**
 * How far ONNX Runtime rewrites a graph. `'exact'` (the default) is `'basic'` without the rewrites whose result differs in the last
 * bits and which apply only where nothing else uses an intermediate result: with them, a forward pass alone and the same forward pass
 * with its backward pass would differ. The other levels are ONNX Runtime's own.
 */
export type GraphOptimization = 'exact' | 'disabled' | 'basic' | 'extended' | 'all';

/** Rewrites of level `basic` that depend on other uses of a result and change bits: a bias put into a product is added first, not last. */
const INEXACT_REWRITES = ['MatMulAddFusion', 'GemmSumFusion', 'DivMulFusion', 'GeluFusionL1', 'LayerNormFusionL1'];

/** Takes reshapes that follow one another for one, also where the first is a barrier: that is then gone, or the graph is left in pieces. */
const UNDOES_BARRIERS = 'ReshapeFusion';

/** From this many elements on, a tensor of zeros is filled in each run, which takes no longer than copying it, and not held for good. */
const LARGEST_HELD_FILL = 4_000_000;

function optimizationOptions(level: GraphOptimization, largestFill: number): InferenceSession.SessionOptions {
  const exact = level === 'exact';
  const disabled = [UNDOES_BARRIERS, ...(exact ? INEXACT_REWRITES : []), ...(largestFill > LARGEST_HELD_FILL ? ['ConstantFolding'] : [])];
  return {
    graphOptimizationLevel: exact ? 'basic' : level,
    extra: {
      // threads wait actively between the operations of a run, but not after it
      session: { force_spinning_stop: '1' },
      optimization: { disable_specified_optimizers: disabled.join(';') },
    },
  };
}

/** How ONNX Runtime is to run a graph. */
export interface SessionOptions {
  readonly threads?: number | undefined;
  readonly graphOptimization?: GraphOptimization | undefined;
  readonly providers?: readonly Provider[] | undefined;
  readonly releaseMemory?: boolean | undefined;
  /** Beginning of the path of the profile that ONNX Runtime writes; without it there is none. */
  readonly profilePath?: string | undefined;
}

/** Constants of at least this many bytes are handed over by pointer, not copied into the model. */
const EXTERNAL_BYTES = 4096;

/** A graph that can be run. */
export interface GraphSession {
  readonly nodes: number;
  readonly constantBytes: number;
  run(inputs: readonly HostArray[]): Promise<HostTensor[]>;
  /** Completes the profile that `profilePath` asked for. */
  endProfiling(): void;
  dispose(): Promise<void>;
}

/** Makes an ONNX Runtime session of a graph. @param specs of the inputs, for what graphs do not say of them @throws {@link CompiledFunctionError} when ONNX Runtime refuses the graph or a provider */
export async function createSession(
  graph: Graph,
  inputNames: readonly string[],
  outputNames: readonly string[],
  options: SessionOptions,
  specs: readonly TensorSpec[] = [],
): Promise<GraphSession> {
  const providers = [...(options.providers ?? defaultProviders())];
  assertProviders(providers, graph.name);
  const [provider] = providers;
  const fitted = forProviders(graph, inputNames, outputNames, providers);
  const externalData: { path: string; data: Uint8Array }[] = [];
  const { model, nodes, constantBytes, largestFill } = serialize(fitted.graph, {
    inputNames,
    outputNames,
    order: executionOrder,
    place(name, bytes) {
      if (bytes.byteLength < EXTERNAL_BYTES) return undefined;
      externalData.push({ path: name, data: bytes });
      return { path: name, offset: 0 };
    },
  });
  const session = await createRuntimeSession(model, {
    executionProviders: fitted.executionProviders,
    intraOpNumThreads: options.threads ?? processors(),
    logSeverityLevel: 4,
    // planned addresses hold nearly twice the memory of a training step and save no time
    enableMemPattern: false,
    enableCpuMemArena: !(options.releaseMemory ?? false),
    ...(options.profilePath === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profilePath }),
    ...optimizationOptions(options.graphOptimization ?? 'exact', largestFill),
    ...(externalData.length === 0 ? {} : { externalData }),
  }).catch((cause: unknown) => {
    throw (
      providerFailure(providers, graph.name, cause) ??
      new CompiledFunctionError('COMPILED_SESSION', `ONNX Runtime made no session: ${messageOf(cause)}`, { where: graph.name, cause })
    );
  });
  const types = graph.inputs.map(({ shape, dtype }, i) => ({
    shape: [...shape],
    dtype: dtype as DType,
    dynamic: specs[i]?.dynamicAxis === undefined ? null : specs[i],
    stays: specs[i]?.resident === true && provider !== undefined && canStay(provider, dtype as DType),
  }));
  const running = new Set<Promise<unknown>>();

  async function run(inputs: readonly HostArray[]): Promise<HostTensor[]> {
    const feeds: Record<string, Tensor> = {};
    for (const [i, { shape: fixed, dtype, dynamic, stays }] of types.entries()) {
      const data = inputs[i]!;
      const shape = dynamic === null ? fixed : [...shapeOf(dynamic, data.length)!]; // whose length was checked with the inputs
      feeds[inputNames[i]!] = stays ? await onDevice(provider!, data, { dtype, shape }) : new Tensor(dtype, data, shape);
    }
    const results = await session.run(feeds).catch((cause: unknown) => {
      throw new CompiledFunctionError('COMPILED_RUN', `ONNX Runtime failed: ${messageOf(cause)}`, {
        where: graph.name,
        remedy: 'check that indices given to gather and scatter are within bounds, which a graph cannot check beforehand',
        cause,
      });
    });
    return outputNames.map((name) => {
      const { data, dims, type } = results[name]!;
      return { data: data as HostArray, shape: dims, dtype: type as DType };
    });
  }

  return {
    nodes,
    constantBytes,
    run(inputs) {
      const result = run(inputs);
      const settled = result.catch(() => undefined).finally(() => running.delete(settled));
      running.add(settled);
      return result;
    },
    endProfiling: () => session.endProfiling(),
    async dispose() {
      // ONNX Runtime starts a run in a later turn of the event loop: its session must live until then
      await Promise.all(running);
      await session.release();
    },
  };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
