import { atMost } from '@expctr/core';
import { z } from 'zod';
import type { Encoder } from '../encoder.js';
import { firstDimensions } from './first-dimensions.js';
import { pcaEncoder } from './pca-encoder.js';
import { loadPca } from './pca-file.js';

/** Options that make the vectors of any encoder shorter; a configuration has them beside the encoder's own. */
export const reductionOptions = z.object({
  dimensions: z
    .int()
    .min(1)
    .max(65_536, atMost(65_536, 'no encoder has longer vectors'))
    .nullable()
    .default(null)
    .describe("keep this many of a vector's first components, for models trained for it (Matryoshka); null = all"),
  pca: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('file with a PCA, as savePca writes it, whose components take the place of the vectors (after dimensions); null = none'),
});

/** What {@link reducedEncoder} is told. */
export type Reduction = z.output<typeof reductionOptions>;

/**
 * An encoder with shorter vectors: the first `dimensions`, then the components of the PCA of the file `pca`, each where it is not null.
 * Where that cannot be, the encoder is disposed.
 *
 * @throws EncoderOptionError `ENCODER_OPTION` for dimensions beyond the encoder's, or a PCA that was fitted for another
 * @throws EncoderError `ENCODER_PCA_FILE`
 */
export async function reducedEncoder(encoder: Encoder, { dimensions, pca }: Reduction): Promise<Encoder> {
  try {
    const shorter = dimensions === null ? encoder : firstDimensions(encoder, dimensions);
    return pca === null ? shorter : pcaEncoder(shorter, await loadPca(pca));
  } catch (error) {
    await encoder.dispose?.();
    throw error;
  }
}
