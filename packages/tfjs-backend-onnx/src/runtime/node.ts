import { InferenceSession, listSupportedBackends } from 'onnxruntime-node';
// The public API runs the same binding in a later turn of the event loop. tfjs's `dataSync` cannot wait for one.
import { binding, initOrt } from 'onnxruntime-node/dist/binding.js';
import type { Runtime, Tensors } from './runtime.js';

export { Tensor } from 'onnxruntime-node';
export type { LazySession, Runtime, Tensors } from './runtime.js';

export const supportedProviders: Runtime['supportedProviders'] = () => new Set(listSupportedBackends().map(({ name }) => name));

export const createSession: Runtime['createSession'] = (model, options) => InferenceSession.create(model, options);

export const createLazySession: Runtime['createLazySession'] = (model, options, outputNames) => {
  initOrt();
  const session = new binding.InferenceSession();
  session.loadModel(model.buffer as ArrayBuffer, model.byteOffset, model.byteLength, options);
  const fetches = Object.fromEntries(outputNames.map((name) => [name, null]));
  const run = (feeds: Tensors): Tensors => session.run(feeds, fetches, {});
  return { run, runLater: (feeds) => new Promise((resolve) => resolve(run(feeds))), dispose: () => session.dispose() };
};
