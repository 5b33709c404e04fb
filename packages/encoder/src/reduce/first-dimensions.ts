import type { Encoder } from '../encoder.js';
import { EncoderOptionError } from '../errors.js';
import { normalizeInPlace } from '../normalize.js';
import { wrapEncoder } from './wrap.js';

/**
 * The first components of an encoder's vectors, scaled to length 1 where its vectors are. A model that was trained for it (Matryoshka
 * representation learning) loses little by that; of any other much may be lost: `fitPca` chooses better.
 * As sentence-transformers has it with `truncate_dim`, and `normalize_embeddings=True` where the model normalizes.
 * Source: Kusupati et al. 2022, "Matryoshka Representation Learning".
 *
 * @param dimensions from 1 to the encoder's own
 * @throws EncoderOptionError `ENCODER_OPTION`
 */
export function firstDimensions(encoder: Encoder, dimensions: number): Encoder {
  const { name, dimension, normalized } = encoder;
  if (!(Number.isInteger(dimensions) && dimensions >= 1 && dimensions <= dimension)) {
    throw new EncoderOptionError('ENCODER_OPTION', `encoder.dimensions is ${dimensions}`, {
      expected: `an integer from 1 to ${dimension}, the dimension of ${name}`,
    });
  }
  return wrapEncoder(encoder, {
    name: `${name}/${dimensions}`,
    dimension: dimensions,
    normalized,
    settings: `dimensions=${dimensions}`,
    change(vectors) {
      const rows = vectors.length / dimension;
      const out = new Float32Array(rows * dimensions); // [n, dimensions]
      for (let row = 0; row < rows; row += 1) {
        out.set(vectors.subarray(row * dimension, row * dimension + dimensions), row * dimensions);
        if (normalized) normalizeInPlace(out, row * dimensions, dimensions);
      }
      return out;
    },
  });
}
