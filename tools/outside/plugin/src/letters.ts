import type { EncoderPart } from '@expctr/encoder';
import { z } from 'zod';

const DIMENSION = 26;

/** How often each letter stands in a text, as a vector of length 1. */
export const letters: EncoderPart = {
  name: 'letters',
  description: 'how often each letter of the alphabet stands in a text',
  options: z.object({}),
  load: () =>
    Promise.resolve({
      name: 'letters',
      dimension: DIMENSION,
      normalized: true,
      truncated: 0,
      encode(texts) {
        const vectors = new Float32Array(texts.length * DIMENSION);
        texts.forEach((text, row) => {
          const vector = vectors.subarray(row * DIMENSION, (row + 1) * DIMENSION);
          for (const letter of text.toLowerCase()) {
            const at = letter.charCodeAt(0) - 97;
            if (at >= 0 && at < DIMENSION) vector[at]! += 1;
          }
          const length = Math.hypot(...vector);
          if (length > 0) vector.forEach((count, at) => (vector[at] = count / length));
        });
        return Promise.resolve(vectors);
      },
    }),
};
