import type { InferenceSession, Tensor } from 'onnxruntime-common';

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** A session for results that are asked for one by one. */
export interface LazySession {
  /** Runs it in this turn of the event loop. @throws {@link CompiledFunctionError} `COMPILED_SYNC` where nothing can */
  run(feeds: Tensors): Tensors;
  /** Runs it; where that can be, in this turn of the event loop as well. */
  runLater(feeds: Tensors): Promise<Tensors>;
  dispose(): void;
}

/** ONNX Runtime as it is on this platform. */
export interface Runtime {
  /** The execution providers that are part of it. */
  supportedProviders(): ReadonlySet<string>;
  createSession(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  /** @param outputNames all that it is to compute */
  createLazySession(model: Uint8Array, options: InferenceSession.SessionOptions, outputNames: readonly string[]): LazySession;
}
