import { compile, type CompiledFunction, type CompileOptions } from '@expctr/tfjs-backend-onnx';

/** A compiled function whose input trees depend on what it is compiled for: an adapter's layers, a caller's `extra`. */
export type Program<O> = CompiledFunction<readonly unknown[], O>;

/**
 * `compile` for trees whose structure is known at run time only, so that no type can lead from specs to arguments; what the
 * types would catch, `run` refuses with the path of the leaf. Working memory goes back after each run unless told otherwise: most of
 * these functions come in many shapes that take turns. Those that run for every token or have one shape keep it.
 */
export function compileProgram<O>(
  fn: (...args: never) => unknown,
  specs: readonly unknown[],
  options: CompileOptions,
): Promise<Program<O>> {
  const untyped = compile as unknown as (fn: unknown, specs: unknown, options: CompileOptions) => Promise<Program<O>>;
  return untyped(fn, specs, { releaseMemory: true, ...options });
}
