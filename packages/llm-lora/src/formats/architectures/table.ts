import type { Architecture } from './architecture.js';
import { llama } from './llama.js';

/** The model families that can be loaded; one line each. */
export const ARCHITECTURES: readonly Architecture[] = [llama];
