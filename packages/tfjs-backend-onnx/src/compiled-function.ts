import type { DType } from './tensors.js';

/** An input or output of a compiled function. */
export interface NamedSpec {
  /** Name in the graph and in a saved file. */
  readonly name: string;
  /** Sizes by axis. */
  readonly shape: readonly number[];
  /** Element type. */
  readonly dtype: DType;
}

/** What it took to compile. */
export interface CompileStats {
  /** Nodes of the graph after the passes of this package (0 when eager). */
  readonly nodes: number;
  /** Nodes as recorded, before the passes (0 when eager). */
  readonly tracedNodes: number;
  /** Bytes of the constants that the graph holds. */
  readonly bytes: number;
  /** Time for tracing twice and for the passes. */
  readonly traceMilliseconds: number;
  /** Time for creating the ONNX Runtime session. */
  readonly sessionMilliseconds: number;
}

/** A function that became a program. `I` is the tuple of input trees, `O` the tree of results. */
export interface CompiledFunction<I = readonly unknown[], O = unknown> {
  /** Name given in the options, else the traced function's own. */
  readonly name: string;
  /** The tfjs backend that runs it: `'onnx'`, or the eager backend that was active when it was compiled. */
  readonly backend: string;
  /** Inputs in order; constants are not among them. */
  readonly inputs: readonly NamedSpec[];
  /** Outputs in order. */
  readonly outputs: readonly NamedSpec[];
  /** Sizes and times of compilation. */
  readonly stats: CompileStats;
  /**
   * Runs it. Inputs are read in place, not copied, and must not change before the result is there.
   * @throws {@link CompiledFunctionError} when an input's shape or type differs, or after `dispose`
   */
  run(inputs: I): Promise<O>;
  /** Writes the graph as `.onnx`. @throws {@link CompiledFunctionError} when it was compiled for an eager backend */
  save(path: string): Promise<void>;
  /** Frees the session and its constants. Calling it twice is harmless. */
  dispose(): Promise<void>;
}
