import { createHash } from 'node:crypto';
import type { Encoder } from '../encoder.js';
import { EncoderOptionError } from '../errors.js';
import { project, type Pca } from './pca.js';
import { wrapEncoder } from './wrap.js';

/**
 * An encoder's vectors on the principal axes of a PCA, as scikit-learn's `transform` gives them: centered, and not of length 1.
 *
 * @throws EncoderOptionError `ENCODER_OPTION` for a PCA of another encoder's vectors
 */
export function pcaEncoder(encoder: Encoder, pca: Pca): Encoder {
  const { name, dimension } = encoder;
  if (pca.encoder !== name || pca.dimension !== dimension) {
    throw new EncoderOptionError('ENCODER_OPTION', `encoder.pca was fitted on vectors of ${pca.dimension} values by ${pca.encoder}`, {
      expected: `one fitted on vectors of ${dimension} values by ${name}`,
      remedy: 'fit one with fitPca on vectors of this encoder',
    });
  }
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of [pca.mean, pca.axes]) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return wrapEncoder(encoder, {
    name: `${name}/pca${pca.components}`,
    dimension: pca.components,
    normalized: false,
    settings: `pca=${hash.digest('hex').slice(0, 16)}`,
    change: (vectors) => project(pca, vectors),
  });
}
