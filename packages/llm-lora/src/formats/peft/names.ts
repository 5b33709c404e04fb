/** What a tensor of adapter_model.safetensors is: a factor, or DoRA's magnitudes. */
export type FactorKey = 'a' | 'b' | 'magnitude';

/** Which part of which module a tensor of adapter_model.safetensors is. */
export interface FactorName {
  /** Module path without PEFT's prefix: `layers.0.self_attn.q_proj`. */
  readonly module: string;
  /** `a` is lora_A, [rank, in]; `b` is lora_B, [out, rank]; `magnitude` is lora_magnitude_vector, [out]. */
  readonly factor: FactorKey;
}

/** What PEFT calls each part, behind the module's name. */
const SUFFIXES: Readonly<Record<FactorKey, string>> = {
  a: 'lora_A.weight',
  b: 'lora_B.weight',
  magnitude: 'lora_magnitude_vector',
};

/** A module's path as adapters have it: that of Hugging Face without the decoder's `model.`. */
export function modulePath(path: string): string {
  return path.replace(/^model\./, '');
}

/** Parses `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`; null for any other form. */
export function parseFactorName(name: string): FactorName | null {
  const [, path, suffix] = /^base_model\.model\.(.+)\.(lora_(?:[AB]\.weight|magnitude_vector))$/.exec(name) ?? [];
  const factor = (Object.keys(SUFFIXES) as FactorKey[]).find((key) => SUFFIXES[key] === suffix);
  return path === undefined || factor === undefined ? null : { module: modulePath(path), factor };
}

/** The name under which PEFT stores a factor. The decoder's modules lie under `model`, the output head beside it. */
export function factorName({ module, factor }: FactorName): string {
  return `base_model.model.${fullPath(module)}.${SUFFIXES[factor]}`;
}

/** A module's path as Hugging Face has it, which PEFT's rules are about. */
export function fullPath(module: string): string {
  return module.startsWith('layers.') ? `model.${module}` : module;
}
