import type { EncoderPart } from './encoder-part.js';
import { hashedPart } from './hashed/hashed-part.js';
import { staticPart } from './static/static-part.js';
import { transformersPart } from './transformers/transformers-part.js';

/** The built-in encoders by name. A new one is one file and one line here. */
export const encoders = {
  hashed: hashedPart,
  static: staticPart,
  transformers: transformersPart,
} as const satisfies Readonly<Record<string, EncoderPart>>;
