import type { FloatTensor } from './host-tensor.js';

/**
 * Modules by name, by PEFT's rules: last parts of names (`q_proj`, `self_attn.v_proj`) or whole ones
 * (`model.layers.0.self_attn.q_proj`); or a regular expression that a whole name has to match, from its first character to its last.
 */
export type ModuleNames = readonly string[] | RegExp;

/** Hyperparameters of a LoRA adapter, as adapter_config.json holds them. */
export interface LoraConfig {
  /** Rank r of the two factors. */
  readonly rank: number;
  /** The product B A is scaled by `alpha / rank`, or by `alpha / sqrt(rank)` with `rankStabilized`. */
  readonly alpha: number;
  /** The adapted modules. */
  readonly targetModules: ModuleNames;
  /** Modules that are not adapted though `targetModules` names them. Default: none. */
  readonly excludeModules?: ModuleNames;
  /** Blocks that are adapted, by number; with a list of `targetModules` only. Default: all. */
  readonly layersToTransform?: number | readonly number[];
  /** What stands before a block's number in names, as regular expressions; with `layersToTransform` only. Default: anything. */
  readonly layersPattern?: string | readonly string[];
  /** Other ranks by regular expressions (in Python's syntax) that match the end of a name, from a dot on; the first that matches counts. */
  readonly rankPattern?: Readonly<Record<string, number>>;
  /** Other alphas, likewise. */
  readonly alphaPattern?: Readonly<Record<string, number>>;
  /** PEFT's `use_rslora`. Default false. */
  readonly rankStabilized?: boolean;
  /** PEFT's `use_dora` (Liu et al. 2024): a magnitude for each output, and the adapted matrix only says the direction. Default false. */
  readonly weightDecomposed?: boolean;
  /**
   * PEFT's `fan_in_fan_out`: the base model's matrices are stored as [in, out], as GPT-2's are. It changes no factor; an adapter that is
   * stored in a policy has it as the policy's model does. Default false.
   */
  readonly fanInFanOut?: boolean;
  /** The model that the adapter belongs to (`base_model_name_or_path`), for other programs; it is not read back into any model. */
  readonly baseModel?: string;
}

/** The factors of one adapted linear layer: y = W x + scale * B (A x), with DoRA times magnitude / |W + scale * B A| row by row. */
export interface LoraFactors {
  /** [rank, in] */
  readonly a: FloatTensor;
  /** [out, rank] */
  readonly b: FloatTensor;
  /** Lengths of the rows of W + B A, `[out]`: with `weightDecomposed`, and then always. */
  readonly magnitude?: FloatTensor;
}

/** A LoRA adapter in host memory. */
export interface Adapter {
  /** Hyperparameters. */
  readonly config: LoraConfig;
  /** Factors by module path without PEFT's prefix: `layers.0.self_attn.q_proj`, or `lm_head`. */
  readonly tensors: ReadonlyMap<string, LoraFactors>;
}

/** What B A is multiplied by for a rank and an alpha. Those of a module with patterns are `loraModules`'. */
export function loraScale({ rank, alpha, rankStabilized = false }: Pick<LoraConfig, 'rank' | 'alpha'> & Partial<LoraConfig>): number {
  return alpha / (rankStabilized ? Math.sqrt(rank) : rank);
}
