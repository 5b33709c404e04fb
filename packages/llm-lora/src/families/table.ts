import type { ModelFamily } from './family.js';
import { gemma2 } from './gemma2/gemma2.js';
import { gemma3 } from './gemma3/gemma3.js';
import { gpt2 } from './gpt2/gpt2.js';
import { llama } from './llama/llama.js';
import { mistral } from './mistral/mistral.js';
import { olmo2 } from './olmo2/olmo2.js';
import { phi3 } from './phi3/phi3.js';
import { qwen2 } from './qwen2/qwen2.js';
import { qwen3 } from './qwen3/qwen3.js';
import { smollm3 } from './smollm3/smollm3.js';

/** The model families that are built in, by their names; one line each. Where two have one GGUF architecture, the first has it. */
export const FAMILIES = {
  llama,
  mistral,
  qwen2,
  qwen3,
  gemma2,
  gemma3_text: gemma3,
  phi3,
  smollm3,
  olmo2,
  gpt2,
} satisfies Record<string, ModelFamily>;
