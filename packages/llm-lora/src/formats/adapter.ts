import type { FloatTensor } from './host-tensor.js';

/** Hyperparameters of a LoRA adapter, as adapter_config.json holds them. */
export interface LoraConfig {
  /** Rank r of the two factors. */
  readonly rank: number;
  /** The product B A is scaled by `alpha / rank`, or by `alpha / sqrt(rank)` with `rankStabilized`. */
  readonly alpha: number;
  /** Last parts of the adapted modules' names (`q_proj`, `self_attn.v_proj`), or whole ones: `model.layers.0.self_attn.q_proj`. */
  readonly targetModules: readonly string[];
  /** PEFT's `use_rslora`. Default false. */
  readonly rankStabilized?: boolean;
  /** PEFT's `fan_in_fan_out`: the base model's matrices are stored as [in, out], as GPT-2's are. It changes no factor. Default false. */
  readonly fanInFanOut?: boolean;
  /** The model that the adapter belongs to (`base_model_name_or_path`), for other programs; it is not read back into any model. */
  readonly baseModel?: string;
}

/** The two factors of one adapted linear layer: y = W x + scale * B (A x). */
export interface LoraFactors {
  /** [rank, in] */
  readonly a: FloatTensor;
  /** [out, rank] */
  readonly b: FloatTensor;
}

/** A LoRA adapter in host memory. */
export interface Adapter {
  /** Hyperparameters. */
  readonly config: LoraConfig;
  /** Factors by module path without PEFT's prefix: `layers.0.self_attn.q_proj`, or `lm_head`. */
  readonly tensors: ReadonlyMap<string, LoraFactors>;
}

/** What B A is multiplied by. */
export function loraScale({ rank, alpha, rankStabilized = false }: LoraConfig): number {
  return alpha / (rankStabilized ? Math.sqrt(rank) : rank);
}
