/** Which factor of which module a tensor of adapter_model.safetensors is. */
export interface FactorName {
  /** Module path without PEFT's prefix: `layers.0.self_attn.q_proj`. */
  readonly module: string;
  /** `a` is lora_A, [rank, in]; `b` is lora_B, [out, rank]. */
  readonly factor: 'a' | 'b';
}

/** A module's path as adapters have it: that of Hugging Face without the decoder's `model.`. */
export function modulePath(path: string): string {
  return path.replace(/^model\./, '');
}

/** Parses `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`; null for any other form. */
export function parseFactorName(name: string): FactorName | null {
  const [, path, factor] = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/.exec(name) ?? [];
  if (path === undefined) return null;
  return { module: modulePath(path), factor: factor === 'A' ? 'a' : 'b' };
}

/** The name under which PEFT stores a factor. The decoder's modules lie under `model`, the output head beside it. */
export function factorName({ module, factor }: FactorName): string {
  return `base_model.model.${fullPath(module)}.lora_${factor === 'a' ? 'A' : 'B'}.weight`;
}

/** PEFT's rule: a module is adapted where its whole path, with the decoder's `model.`, is a target or ends in `.target`. */
export function isTarget(module: string, target: string): boolean {
  const path = fullPath(module);
  return path === target || path.endsWith(`.${target}`);
}

function fullPath(module: string): string {
  return module.startsWith('layers.') ? `model.${module}` : module;
}
