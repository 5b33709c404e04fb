import type { DecoderArchitecture } from './decoder.js';
import { llama } from './llama.js';

/** The model families that can be run; one line each. */
export const DECODERS = { llama } satisfies Record<string, DecoderArchitecture>;

/** Name of a model family. */
export type DecoderName = keyof typeof DECODERS;
