import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import type { DecoderConfig } from '../model/config.js';
import type { KeyValues } from '../model/attention.js';

/**
 * Keys and values of the sequences that are being decoded, in JavaScript memory. They enter the decoding graph as inputs,
 * which costs nothing, and only a step's new keys and values come out and are written here: outputs are copied.
 */
export class KeyValueCache {
  /** One entry for each block, [slots, keyValueHeads, size, headDim]. */
  readonly layers: readonly KeyValues<Float32Array>[];
  /** Tokens in each slot. */
  readonly lengths: Int32Array;
  readonly slots: number;
  /** Tokens that a slot can hold. */
  readonly size: number;
  /** [size]: 0, 1, 2, … */
  readonly places: Float32Array;
  readonly #heads: number;
  readonly #headDim: number;

  constructor({ layers, keyValueHeads, headDim }: DecoderConfig, slots: number, size: number) {
    const elements = slots * keyValueHeads * size * headDim;
    this.layers = Array.from({ length: layers }, () => ({ keys: new Float32Array(elements), values: new Float32Array(elements) }));
    this.lengths = new Int32Array(slots);
    this.slots = slots;
    this.size = size;
    this.places = Float32Array.from({ length: size }, (_, place) => place);
    this.#heads = keyValueHeads;
    this.#headDim = headDim;
  }

  /** Empties a slot. */
  clear(slot: number): void {
    this.lengths[slot] = 0;
  }

  /** Appends `count` tokens of row `row` of computed keys and values, [rows, keyValueHeads, time, headDim] for each block. */
  extend(slot: number, source: readonly KeyValues<HostTensor>[], row: number, count: number): void {
    const length = this.lengths[slot]!;
    source.forEach(({ keys, values }, layer) => {
      const into = this.layers[layer]!;
      this.#copy(into.keys, slot, length, keys, row, count);
      this.#copy(into.values, slot, length, values, row, count);
    });
    this.lengths[slot] = length + count;
  }

  /**
   * Appends one token to a slot.
   * @param fresh [slots, layers, 2, keyValueHeads, headDim], keys before values
   */
  append(slot: number, fresh: Float32Array): void {
    const width = this.#heads * this.#headDim;
    const place = this.lengths[slot]!;
    let from = slot * this.layers.length * 2 * width;
    for (const { keys, values } of this.layers) {
      for (const into of [keys, values]) {
        for (let head = 0; head < this.#heads; head += 1) {
          const to = ((slot * this.#heads + head) * this.size + place) * this.#headDim;
          for (let i = 0; i < this.#headDim; i += 1) into[to + i] = fresh[from + i]!;
          from += this.#headDim;
        }
      }
    }
    this.lengths[slot] = place + 1;
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
