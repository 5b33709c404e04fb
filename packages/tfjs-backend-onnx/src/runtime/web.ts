import { processors } from '@expctr/core/platform';
import type { InferenceSession } from 'onnxruntime-common';
import { CompiledFunctionError } from '../errors.js';
import type { Runtime } from './runtime.js';

/** Of a browser. */
declare const navigator: object;
declare const crossOriginIsolated: boolean;

export { Tensor } from 'onnxruntime-common';
export type { LazySession, Runtime, Tensors } from './runtime.js';

export const supportedProviders: Runtime['supportedProviders'] = () => new Set('gpu' in navigator ? ['cpu', 'webgpu'] : ['cpu']);

const CDN = 'https://cdn.jsdelivr.net/';

/** The build of onnxruntime-web for some providers: that without WebGPU is half as large. */
async function library(providers: InferenceSession.SessionOptions['executionProviders']): Promise<typeof import('onnxruntime-web')> {
  const gpu = providers?.some((each) => (typeof each === 'string' ? each : each.name) === 'webgpu') ?? false;
  const ort = await (gpu ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm'));
  // Threads are those of the library's first session, and memory between them needs a page that is isolated from others.
  ort.env.wasm.numThreads ??= crossOriginIsolated ? processors() : 1;
  // @huggingface/transformers, whose tokenizers share the library, has it fetch its program from there: a page shall not tell others of itself
  if (JSON.stringify(ort.env.wasm.wasmPaths)?.includes(CDN) === true) delete ort.env.wasm.wasmPaths;
  return ort;
}

/** The names that onnxruntime-web has for providers. */
function webNames(options: InferenceSession.SessionOptions): InferenceSession.SessionOptions {
  const { executionProviders = [], intraOpNumThreads: _, ...others } = options;
  return { ...others, executionProviders: executionProviders.map((each) => (each === 'cpu' ? 'wasm' : each)) };
}

export const createSession: Runtime['createSession'] = async (model, options) => {
  const { InferenceSession: Session } = await library(options.executionProviders);
  return Session.create(model, webNames(options));
};

export const createLazySession: Runtime['createLazySession'] = (model, options) => {
  const session = createSession(model, options);
  session.catch(() => undefined); // whoever runs it hears of it
  return {
    run() {
      throw new CompiledFunctionError('COMPILED_SYNC', 'a result was read at once, and a browser cannot wait for one', {
        where: 'dataSync, arraySync or print',
        remedy: 'await tensor.data() or tensor.array()',
      });
    },
    runLater: async (feeds) => (await session).run(feeds),
    dispose: () => void session.then((made) => made.release()).catch(() => undefined),
  };
};
