import type * as tf from '@tensorflow/tfjs';
import type { Fields } from '../formats/fields.js';
import type { WrittenGgufMetadata } from '../formats/gguf/write.js';
import type { TokenContext } from '../model/attention.js';
import type { DecoderConfig } from '../model/config.js';
import type { BlockInputs, BlockResult } from '../model/block.js';
import type { PositionInputs } from '../model/positions.js';
import type { TensorLayout } from './layout.js';

/** What a family can ask of a GGUF file beside its metadata. */
export interface GgufView {
  /** Whether the file holds a tensor of that (GGUF) name. */
  readonly hasTensor: (name: string) => boolean;
  /**
   * What frequencies are divided by within the context of pre-training, one for each pair of dimensions, where a tensor holds it
   * (`rope_freqs.weight`, `rope_factors_short.weight`); null where none does, or where config.json says it.
   */
  readonly ropeFactors: readonly number[] | null;
}

/** A family as llama.cpp's converter writes it. */
export interface GgufConventions<C extends DecoderConfig = DecoderConfig> {
  /** `general.architecture` in the metadata. */
  readonly architecture: string;
  /**
   * Reads the metadata.
   * @param file what else it can ask of the file
   * @throws FormatError for missing, wrong or unsupported fields.
   */
  parseConfig(fields: Fields, file: GgufView): C;
  /**
   * The inverse, for models that are saved as GGUF: hyperparameters without those that are read of tensors. What it leaves out is noticed:
   * the metadata are read again and held against the configuration. Default: models of the family are not written.
   */
  metadata?(config: C): WrittenGgufMetadata;
  /** The name of the tensor that holds the factors of frequencies that are divided. Default: `rope_freqs.weight`. */
  readonly ropeFactors?: string;
}

/**
 * A family of decoder-only models: all that differs from one architecture to another, as data and pure functions. A new family
 * is one folder beside this file and one line in table.ts, or a package of its own that is handed to `loadCausalLM`.
 *
 * The names of its tensors in code (`LinearKey`, `LayerKey`, `OuterKey`) and of what its graphs take of positions (`PositionKey`) are its own:
 * the rest of the package knows the embedding table, the output head and {@link DecoderConfig}.
 */
export interface ModelFamily<
  C extends DecoderConfig = DecoderConfig,
  LinearKey extends string = string,
  LayerKey extends string = string,
  OuterKey extends string = string,
  PositionKey extends string = string,
> {
  /** `model_type` in config.json; the family's name everywhere. */
  readonly name: string;
  /** What it is, in one line. */
  readonly description: string;
  /** The entry of `architectures` in config.json. */
  readonly className: string;
  /** Reads config.json. @throws FormatError for missing, wrong or unsupported fields. */
  parseConfig(fields: Fields): C;
  /** How llama.cpp stores the family; null where it is not read from GGUF files. */
  readonly gguf: GgufConventions<C> | null;
  /** The tensors of a model of this configuration. */
  layout(config: C): TensorLayout<LinearKey, LayerKey, OuterKey>;
  /** Whether a file may hold a tensor of this name that the layout does not name, and that is not read. */
  ignores(name: string, config: C): boolean;
  /** The linear layers that an adapter is on unless told otherwise, by the last parts of their names, as in PEFT. */
  readonly loraTargets: readonly string[];
  /** What its graphs take of positions. */
  readonly positions: PositionInputs<C, PositionKey>;
  /**
   * From rows of the embedding table to the input of the first block: as they are, scaled, or with learned positions added.
   * @param outer the tensors outside of the blocks @param rows [batch * time, width] @returns [batch * time, hidden]
   */
  embed(config: C, outer: { readonly [K in OuterKey]: tf.Tensor }, rows: tf.Tensor2D, tokens: TokenContext<PositionKey>): tf.Tensor2D;
  /**
   * One block. A gradient may compute it a second time from its arguments, so it uses no tensor from elsewhere. Its linear layers
   * are functions among the inputs, which carry the adapter, however the matrices are stored.
   * @param layer the block's other tensors @param x [batch * time, hidden] @returns hidden states, and keys and values as its attention will want them back as `past`
   */
  block(
    config: C,
    layer: { readonly [K in LayerKey]: tf.Tensor },
    x: tf.Tensor2D,
    inputs: BlockInputs<LinearKey, PositionKey>,
  ): BlockResult;
  /** From the last block to what meets the head: the norm, and a constant scale of logits where there is one. @param hidden [rows, hidden] */
  finalNorm(config: C, outer: { readonly [K in OuterKey]: tf.Tensor }, hidden: tf.Tensor2D): tf.Tensor2D;
  /** Logits u become cap tanh(u / cap), before any temperature. Default, and null: they stay as they are. */
  logitCap?(config: C): number | null;
}
