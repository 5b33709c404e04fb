import { z } from 'zod';
import type { EncoderPart } from '../encoder-part.js';
import { loadStaticEncoder } from './static-encoder.js';

/** The static encoder as a part of a run. */
export const staticPart: EncoderPart = {
  name: 'static',
  description: 'static or static:FILE, sums of vectors of words and pairs from a table; no model, no download',
  options: z.object({}),
  load: (file) => loadStaticEncoder(file),
};
