import type { GraphBuilder } from '../builder.js';
import type { Value } from '../graph.js';

/** A kernel's inputs with graph values in place of tensors. tfjs allows `undefined` everywhere; only optional inputs may be missing. */
export type Values<I> = { readonly [K in keyof I]: Record<never, never> extends Pick<I, K> ? Value | undefined : Value };

/** Writes one tfjs kernel as ONNX nodes. */
export interface Lowering {
  readonly kind: 'lowering';
  /** @returns one value, or several in the order of the kernel's outputs */
  readonly lower: (
    inputs: Readonly<Record<string, Value>>,
    attributes: Readonly<Record<string, unknown>>,
    graph: GraphBuilder,
  ) => Value | readonly Value[];
}

/** A complex tensor: two graph values of one shape, because ONNX has no complex type. */
export interface ComplexValue {
  readonly real: Value;
  readonly imag: Value;
}

/** A kernel's inputs as complex numbers; the imaginary part of a real one is zero. */
export type ComplexValues<I> = { readonly [K in keyof I]: ComplexValue };

/** Writes a kernel of complex numbers. */
export interface ComplexLowering {
  readonly kind: 'complex';
  readonly lower: (
    inputs: Readonly<Record<string, ComplexValue>>,
    attributes: Readonly<Record<string, unknown>>,
    graph: GraphBuilder,
  ) => ComplexValue | Value;
}

/** A kernel that is not lowered, with the reason and what to do instead. */
export interface Refusal {
  readonly kind: 'refusal';
  /**
   * What happens outside of a trace: the kernel is refused as well; or computed on the host, for lazy evaluation has the values; or it
   * is not registered, so that tfjs goes a way of its own.
   */
  readonly outside: 'refused' | 'host' | 'unregistered';
  /** Why, as the end of "it cannot be traced: ...". */
  readonly reason: string;
  /** What to do instead. */
  readonly remedy: string;
}

/** A lowering, typed by the kernel's inputs and attributes as tfjs declares them. */
export function lower<I, A = object>(write: (inputs: Values<I>, attributes: A, graph: GraphBuilder) => Value | readonly Value[]): Lowering {
  return { kind: 'lowering', lower: write as unknown as Lowering['lower'] };
}

/** A kernel whose inputs are a list of tensors. */
export function lowerList<A = object>(
  write: (inputs: readonly Value[], attributes: A, graph: GraphBuilder) => Value | readonly Value[],
): Lowering {
  return { kind: 'lowering', lower: (inputs, attributes, graph) => write(Object.values(inputs), attributes as A, graph) };
}

/** A kernel of complex numbers, typed as {@link lower}. */
export function lowerComplex<I, A = object>(
  write: (inputs: ComplexValues<I>, attributes: A, graph: GraphBuilder) => ComplexValue | Value,
): ComplexLowering {
  return { kind: 'complex', lower: write as unknown as ComplexLowering['lower'] };
}

/** An entry for a kernel that cannot be lowered. */
export function refuse(reason: string, remedy: string): Refusal {
  return { kind: 'refusal', outside: 'refused', reason, remedy };
}

/** An entry for a kernel that tfjs does without where a backend has none. */
export function leaveToTfjs(reason: string, remedy: string): Refusal {
  return { kind: 'refusal', outside: 'unregistered', reason, remedy };
}

/** An entry for a kernel that cannot be lowered, but can be computed where its inputs have values. */
export function refuseInTrace(reason: string, remedy: string): Refusal {
  return { kind: 'refusal', outside: 'host', reason, remedy };
}

/** Axes as a sorted list of non-negative numbers; all of them where none is given. */
export function axesOf(axis: number | readonly number[] | null | undefined, rank: number): number[] {
  const list = axis === null || axis === undefined ? Array.from({ length: rank }, (_, i) => i) : [axis].flat();
  return [...new Set(list.map((each) => (each < 0 ? each + rank : each)))].sort((a, b) => a - b);
}
