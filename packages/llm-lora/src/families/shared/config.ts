import type { Fields } from '../../formats/fields.js';
import type { DecoderConfig } from '../../model/config.js';
import type { RotaryConfig } from '../../model/rotary.js';
import { parseRope } from './rope-scaling.js';

/** Hyperparameters of Llama and its descendants: grouped-query attention with rotary embeddings, a gated feed-forward block, RMS norms. */
export interface RotaryDecoderConfig extends DecoderConfig, RotaryConfig {
  /** Width of one head; usually `hiddenSize / heads`, but its own number in the file format. */
  readonly headDim: number;
  /** Width of the feed-forward block. */
  readonly intermediateSize: number;
  /** Number of query heads; `keyValueHeads` divides it. */
  readonly heads: number;
  /** Epsilon inside RMSNorm's square root. */
  readonly normEpsilon: number;
  /**
   * True where the output head is the embedding table; `lm_head.weight` is then absent from the tensors. Of a checkpoint whose
   * files hold another head it is false, whatever config.json says.
   */
  readonly tiedEmbeddings: boolean;
}

/**
 * Sizes beyond which a file is taken for damaged: what a model is made of is listed by them before a weight is looked at. Models of
 * today stay below a tenth of each.
 */
export const LARGEST = {
  /** Decoder blocks. */
  layers: 2048,
  /** Widths, of the residual stream, of the feed-forward block, of a head. */
  width: 2 ** 20,
  /** Heads of queries, or of keys and values. */
  heads: 2 ** 13,
  /** Rows of the embedding table. */
  vocabulary: 2 ** 23,
} as const;

/**
 * Reads the fields of config.json that these families have in common, and refuses the variants of them that none of them has.
 * @param defaults what a missing field stands for, where families differ (transformers' configuration classes)
 * @throws FormatError `CONFIG_BAD_FIELD`
 */
export function parseRotaryDecoder(fields: Fields, defaults: { readonly maxPositions: number }): RotaryDecoderConfig {
  const activation = fields.text('hidden_act') ?? 'silu';
  if (activation !== 'silu') throw fields.bad('hidden_act', `is ${JSON.stringify(activation)}`, '"silu", the only one supported');
  const heads = fields.count('num_attention_heads', undefined, LARGEST.heads);
  const keyValueHeads = fields.count('num_key_value_heads', heads, LARGEST.heads);
  if (heads % keyValueHeads !== 0) throw fields.bad('num_key_value_heads', `is ${keyValueHeads}`, `a divisor of the ${heads} query heads`);
  const hiddenSize = fields.count('hidden_size', undefined, LARGEST.width);
  if (fields.raw('head_dim') === null && hiddenSize % heads !== 0) {
    throw fields.bad('hidden_size', `is ${hiddenSize}`, `a multiple of num_attention_heads (${heads}) where head_dim is not given`);
  }
  const headDim = fields.count('head_dim', hiddenSize / heads, LARGEST.width);
  if (headDim % 2 !== 0) throw fields.bad('head_dim', `is ${headDim}`, 'an even number, for rotary embeddings turn pairs');
  const maxPositions = fields.count('max_position_embeddings', defaults.maxPositions);
  const rope = parseRope(fields, maxPositions);
  return {
    hiddenSize,
    intermediateSize: fields.count('intermediate_size', undefined, LARGEST.width),
    layers: fields.count('num_hidden_layers', undefined, LARGEST.layers),
    heads,
    keyValueHeads,
    headDim,
    vocabularySize: fields.count('vocab_size', undefined, LARGEST.vocabulary),
    maxPositions,
    normEpsilon: fields.number('rms_norm_eps', 1e-6),
    ropeTheta: rope.theta,
    ropeScaling: rope.scaling,
    tiedEmbeddings: fields.flag('tie_word_embeddings', false),
    bosTokenId: fields.tokenIds('bos_token_id')[0] ?? null,
    eosTokenIds: fields.tokenIds('eos_token_id'),
  };
}
