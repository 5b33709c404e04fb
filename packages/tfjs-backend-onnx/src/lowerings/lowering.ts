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

/** A kernel that is not lowered, with the reason and what to do instead. */
export interface Refusal {
  readonly kind: 'refusal';
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

/** An entry for a kernel that cannot be lowered. */
export function refuse(reason: string, remedy: string): Refusal {
  return { kind: 'refusal', reason, remedy };
}

/** Axes as a sorted list of non-negative numbers; all of them where none is given. */
export function axesOf(axis: number | readonly number[] | null | undefined, rank: number): number[] {
  const list = axis === null || axis === undefined ? Array.from({ length: rank }, (_, i) => i) : [axis].flat();
  return [...new Set(list.map((each) => (each < 0 ? each + rank : each)))].sort((a, b) => a - b);
}
