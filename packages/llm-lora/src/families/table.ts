import type { ModelFamily } from './family.js';
import { llama } from './llama/llama.js';

/** The model families that are built in, by their names; one line each. */
export const FAMILIES = {
  llama,
} satisfies Record<string, ModelFamily>;
