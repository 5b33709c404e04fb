import type { ModelFamily } from './family.js';
import { llama } from './llama/llama.js';
import { qwen2 } from './qwen2/qwen2.js';

/** The model families that are built in, by their names; one line each. */
export const FAMILIES = {
  llama,
  qwen2,
} satisfies Record<string, ModelFamily>;
