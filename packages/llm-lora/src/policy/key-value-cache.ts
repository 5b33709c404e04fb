import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import type { DecoderConfig } from '../model/config.js';
import type { KeyValues } from '../model/attention.js';
import { bucketCache } from './buckets.js';

/** Bytes of the keys and values of `size` tokens. */
export function slotBytes({ layers, keyValueHeads, headDim }: DecoderConfig, size: number): number {
  return 2 * layers * keyValueHeads * size * headDim * Float32Array.BYTES_PER_ELEMENT;
}

/**
 * Keys and values of the sequences that are being decoded, in JavaScript memory. They enter the decoding graph as inputs,
 * which costs nothing, and only a step's new keys and values come out and are written here: outputs are copied. It grows with
 * the longest sequence, since a step reads all of it.
 */
export class KeyValueCache {
  /** One entry for each block, [slots, keyValueHeads, size, headDim]. */
  readonly layers: KeyValues<Float32Array>[];
  /** Tokens in each slot. */
  readonly lengths: Int32Array;
  readonly slots: number;
  readonly #heads: number;
  readonly #headDim: number;
  #places = new Float32Array(0);

  constructor({ layers, keyValueHeads, headDim }: DecoderConfig, slots: number) {
    this.layers = Array.from({ length: layers }, () => ({ keys: new Float32Array(0), values: new Float32Array(0) }));
    this.lengths = new Int32Array(slots);
    this.slots = slots;
    this.#heads = keyValueHeads;
    this.#headDim = headDim;
  }

  /** Tokens that a slot can hold now. */
  get size(): number {
    return this.#places.length;
  }

  /** [size]: 0, 1, 2, … */
  get places(): Float32Array {
    return this.#places;
  }

  /** Empties a slot. */
  clear(slot: number): void {
    this.lengths[slot] = 0;
  }

  /** Appends `count` tokens of row `row` of computed keys and values, [rows, keyValueHeads, time, headDim] for each block. */
  extend(slot: number, source: readonly KeyValues<HostTensor>[], row: number, count: number): void {
    const length = this.lengths[slot]!;
    this.#reserve(length + count);
    source.forEach(({ keys, values }, layer) => {
      const into = this.layers[layer]!;
      this.#copy(into.keys, slot, length, keys, row, count);
      this.#copy(into.values, slot, length, values, row, count);
    });
    this.lengths[slot] = length + count;
  }

  /**
   * Appends one token to each of some slots: block by block, since each write is a place of its own in memory and those of a block are
   * the nearest to each other.
   * @param fresh [all slots, layers, 2, keyValueHeads, headDim], keys before values
   */
  append(slots: readonly number[], fresh: Float32Array): void {
    this.#reserve(1 + slots.reduce((most, slot) => Math.max(most, this.lengths[slot]!), 0));
    const width = this.layers.length * 2 * this.#heads * this.#headDim;
    this.layers.forEach(({ keys, values }, layer) => {
      [keys, values].forEach((into, part) => {
        for (const slot of slots) {
          for (let head = 0; head < this.#heads; head += 1) {
            const from = slot * width + ((2 * layer + part) * this.#heads + head) * this.#headDim;
            const to = ((slot * this.#heads + head) * this.size + this.lengths[slot]!) * this.#headDim;
            into.set(fresh.subarray(from, from + this.#headDim), to);
          }
        }
      });
    });
    for (const slot of slots) this.lengths[slot]! += 1;
  }

  /** Makes room for `length` tokens in each slot. */
  #reserve(length: number): void {
    if (length <= this.size) return;
    const size = bucketCache(length);
    const [before, after] = [this.size * this.#headDim, size * this.#headDim];
    const longer = (values: Float32Array): Float32Array => {
      const into = new Float32Array(this.slots * this.#heads * after);
      for (let row = 0; row < this.slots * this.#heads; row += 1) into.set(values.subarray(row * before, (row + 1) * before), row * after);
      return into;
    };
    this.layers.forEach(({ keys, values }, at) => (this.layers[at] = { keys: longer(keys), values: longer(values) }));
    this.#places = Float32Array.from({ length: size }, (_, place) => place);
  }

  #copy(into: Float32Array, slot: number, place: number, source: HostTensor, row: number, count: number): void {
    const time = source.shape[2]!;
    const data = source.data as Float32Array;
    for (let head = 0; head < this.#heads; head += 1) {
      const from = (row * this.#heads + head) * time * this.#headDim;
      const to = ((slot * this.#heads + head) * this.size + place) * this.#headDim;
      into.set(data.subarray(from, from + count * this.#headDim), to);
    }
  }
}
