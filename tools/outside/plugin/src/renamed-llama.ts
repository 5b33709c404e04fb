import { FAMILIES, type ModelFamily } from '@expctr/llm-lora';

/** Llama by another name: a family of one's own need not be new, only different. */
export const renamedLlama: ModelFamily = {
  ...FAMILIES.llama,
  name: 'cafe-llama',
  description: 'Llama under another model_type',
  className: 'CafeForCausalLM',
  gguf: null,
};
