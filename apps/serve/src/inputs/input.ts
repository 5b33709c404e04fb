import type { Tensor } from 'onnxruntime-node';
import type { JsonSchema } from '@expctr/app-kit/http';

/** A value of a row that is not what its feature takes. {@link encodeRow} says of which row it is. */
export class ValueFault extends Error {
  /** Place within the value: `.label`, `[3]`; empty for the value itself. */
  readonly place: string;
  /** What would have been right. */
  readonly expected: string;

  constructor(what: string, expected: string, place = '') {
    super(what);
    this.expected = expected;
    this.place = place;
  }
}

/** A feature of a served model: how a row's value comes in as JSON, and goes into the graph. `V` is what it is in between. */
export interface FeatureInput<V = unknown> {
  /** The feature's name, under which a row has its value. */
  readonly name: string;
  /** JSON Schema of the value. */
  readonly schema: JsonSchema;
  /** The value as the graph takes it. @throws ValueFault */
  encode(value: unknown): V;
  /** Tensors of a batch, one value a row, by the names of the graph's inputs. */
  feed(values: readonly V[]): Readonly<Record<string, Tensor>>;
}

/** The values of one table. */
export interface Vocabulary {
  /** The id of a value; 0 is unknown. */
  readonly idOf: (value: string) => number;
  /** Which values have ids, for people. */
  readonly description: string;
}

/** Puts lists of ids side by side, -1 behind the last of each; at least one place wide, for a graph reads no empty axis. */
export function padded(lists: readonly ArrayLike<number>[], width: number): Int32Array<ArrayBuffer> {
  const data = new Int32Array(lists.length * width).fill(-1);
  lists.forEach((list, row) => {
    for (let k = 0; k < list.length; k += 1) data[row * width + k] = list[k]!;
  });
  return data;
}

/** The longest of some lists, at least 1. */
export function widest(lists: readonly ArrayLike<unknown>[]): number {
  return lists.reduce((most, { length }) => Math.max(most, length), 1);
}
