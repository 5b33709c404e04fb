import type { Encoder } from '../encoder.js';

/** What a wrapper changes of an encoder. */
export interface Change extends Pick<Encoder, 'name' | 'dimension' | 'normalized'> {
  /** What its vectors depend on besides those of the encoder. */
  readonly settings: string;
  /** Vectors of the encoder [n, d] to its own [n, dimension]. */
  readonly change: (vectors: Float32Array) => Float32Array;
}

/** An encoder whose vectors are those of another, changed one by one. */
export function wrapEncoder(encoder: Encoder, { settings, change, ...own }: Change): Encoder {
  return {
    ...own,
    identity: `${encoder.identity ?? encoder.name} ${settings}`,
    get truncated() {
      return encoder.truncated;
    },
    encode: async (texts, options) => change(await encoder.encode(texts, options)),
    dispose: async () => encoder.dispose?.(),
  };
}
