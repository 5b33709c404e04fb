import { checkOptions, type OptionKeys } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import type { CompiledFunction } from './compiled-function.js';
import { BACKEND } from './backend.js';
import { eagerFunction } from './eager.js';
import { inputSignature } from './inputs.js';
import type { Provider } from './providers.js';
import type { GraphOptimization } from './session.js';
import { onnxFunction } from './onnx-function.js';
import { compileSaved, type SavedAt } from './programs/compile-saved.js';
import type { InputsForTensors, InputsOf, OutputsOf, SpecsOf, TensorsOf } from './signature.js';

/** Options of {@link compile}. */
export interface CompileOptions {
  /** Name for messages, scopes and the saved graph; the function's own unless given. */
  readonly name?: string;
  /** Tensors made outside the function that it may use; they become constants of the graph. */
  readonly constants?: readonly tf.Tensor[];
  /** Names of the arguments, with which input names begin. Default `arg0`, `arg1`, ..., and nothing for a lone argument. */
  readonly argumentNames?: readonly string[];
  /** Names of the outputs, in order, in place of their paths. */
  readonly outputNames?: readonly string[];
  /** Threads of one operation. Default: the cores available. */
  readonly threads?: number;
  /** How far ONNX Runtime rewrites the graph. Default `'exact'`: the same operations give the same bits in every compiled function. */
  readonly graphOptimization?: GraphOptimization;
  /**
   * Whether working memory goes back to the system after each run. Default false: it is kept for the next run, which saves about a
   * tenth of the time; many large compiled functions that take turns then hold their peaks side by side.
   */
  readonly releaseMemory?: boolean;
  /**
   * Where to keep the function, so that the next start of the program does not trace it: it is loaded from `path` if it was saved there
   * under the same `key`, with the same name, specs and constants, by the same version of this package; else it is compiled and saved.
   */
  readonly saved?: SavedAt;
  /**
   * Where to compute, in order of preference: what the first provider has no kernel for falls to the next. Default: those of the device
   * that `useOnnx` was given, `['cpu']` if none. One that is missing is refused, with what it needs and how to get it.
   */
  readonly providers?: readonly Provider[];
}

const COMPILE_OPTIONS: OptionKeys<CompileOptions> = {
  name: true,
  constants: true,
  argumentNames: true,
  outputNames: true,
  threads: true,
  graphOptimization: true,
  releaseMemory: true,
  saved: true,
  providers: true,
};

/**
 * Makes a program of a tfjs function.
 *
 * With the `onnx` backend active ({@link useOnnx}), `fn` runs once on symbolic tensors, gradients and updates included, and
 * becomes one ONNX graph. With any other tfjs backend active, each `run` calls `fn` inside `tf.tidy` on that backend.
 *
 * @param fn takes one tree of tensors for each element of `specs` and returns a tree of tensors
 * @param specs one tree of {@link spec} and {@link constant} for each argument
 * @throws {@link TraceError} when the function reads values, keeps state or uses what a graph cannot hold
 */
export function compile<const S extends readonly unknown[], R>(
  fn: (...args: TensorsOf<S> extends infer A extends readonly unknown[] ? A : never) => R,
  specs: S,
  options?: CompileOptions,
): Promise<CompiledFunction<InputsOf<S>, OutputsOf<R>>>;
/** As above for a function whose parameters state their own tensor types. */
export function compile<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  specs: SpecsOf<A>,
  options?: CompileOptions,
): Promise<CompiledFunction<InputsForTensors<A>, OutputsOf<R>>>;
export async function compile(
  fn: (...args: never) => unknown,
  specs: unknown,
  options: CompileOptions = {},
): Promise<CompiledFunction<never, never>> {
  checkOptions('compile', options, COMPILE_OPTIONS);
  // whoever changes the backend while this waits means later compilations
  const active = tf.getBackend() as string | undefined;
  await tf.ready();
  const backend = active ?? tf.getBackend();
  const name = options.name ?? (fn.name === '' ? 'anonymous' : fn.name);
  const trees = specs as readonly unknown[];
  const request = { name, fn, specs: trees, signature: inputSignature(name, trees, options.argumentNames) };
  const make = (): Promise<CompiledFunction> =>
    options.saved === undefined ? onnxFunction(request, options) : compileSaved(request, options, options.saved);
  return (backend === BACKEND ? await make() : eagerFunction(request, backend)) as CompiledFunction<never, never>;
}
