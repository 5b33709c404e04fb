import type { Fields } from '../../formats/fields.js';
import type { DecoderConfig } from '../../model/config.js';
import type { RotaryConfig } from '../../model/rotary.js';
import { parseRope, type RopeDefaults } from './rope-scaling.js';
import type { WindowConfig } from './windows.js';

/** Hyperparameters of Llama and its descendants: grouped-query attention with rotary embeddings, a gated feed-forward block, RMS norms. */
export interface RotaryDecoderConfig extends DecoderConfig, RotaryConfig, WindowConfig {
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
  /** Which linear layers have biases. Default: those that the family always has. */
  readonly biases?: RotaryDecoderBiases;
}

/** Groups of linear layers that have biases in some models of a family. */
export interface RotaryDecoderBiases {
  /** Queries, keys and values. */
  readonly attention: boolean;
  /** What attention gives. */
  readonly output: boolean;
  /** The feed-forward block. */
  readonly mlp: boolean;
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

/** What a missing field of config.json stands for, where families differ (transformers' configuration classes). */
export interface RotaryDecoderDefaults {
  /** `max_position_embeddings`. */
  readonly maxPositions: number;
  /** `head_dim`. Default: `hidden_size / num_attention_heads`. */
  readonly headDim?: number;
  /** `num_key_value_heads`. Default: as many as query heads. */
  readonly keyValueHeads?: number;
  /** `rms_norm_eps`. Default 1e-6. */
  readonly normEpsilon?: number;
  /** `tie_word_embeddings`. Default false. */
  readonly tied?: boolean;
  /** The field that names the activation, and the names that are the family's own; the first is the default. Default: `hidden_act`, silu. */
  readonly activation?: {
    /** Of config.json. */
    readonly field: string;
    /** Names that are the same function. */
    readonly names: readonly string[];
  };
  /** How rotary parameters are read. */
  readonly rope?: RopeDefaults;
}

/**
 * Reads the fields of config.json that these families have in common, and refuses the variants of them that none of them has.
 * @throws FormatError `CONFIG_BAD_FIELD`
 */
export function parseRotaryDecoder(fields: Fields, defaults: RotaryDecoderDefaults): RotaryDecoderConfig {
  const { activation: expected = { field: 'hidden_act', names: ['silu'] } } = defaults;
  const activation = fields.text(expected.field) ?? expected.names[0]!;
  if (!expected.names.includes(activation)) {
    const known = expected.names.map((name) => JSON.stringify(name)).join(' or ');
    throw fields.bad(expected.field, `is ${JSON.stringify(activation)}`, `${known}, the only one supported`);
  }
  const heads = fields.count('num_attention_heads', undefined, LARGEST.heads);
  const keyValueHeads = fields.count('num_key_value_heads', defaults.keyValueHeads ?? heads, LARGEST.heads);
  if (heads % keyValueHeads !== 0) throw fields.bad('num_key_value_heads', `is ${keyValueHeads}`, `a divisor of the ${heads} query heads`);
  const hiddenSize = fields.count('hidden_size', undefined, LARGEST.width);
  if (fields.raw('head_dim') === null && defaults.headDim === undefined && hiddenSize % heads !== 0) {
    throw fields.bad('hidden_size', `is ${hiddenSize}`, `a multiple of num_attention_heads (${heads}) where head_dim is not given`);
  }
  const headDim = fields.count('head_dim', defaults.headDim ?? hiddenSize / heads, LARGEST.width);
  if (headDim % 2 !== 0) throw fields.bad('head_dim', `is ${headDim}`, 'an even number, for rotary embeddings turn pairs');
  const maxPositions = fields.count('max_position_embeddings', defaults.maxPositions);
  const rope = parseRope(fields, { maxPositions, headDim, ...(defaults.rope ?? {}) });
  return {
    hiddenSize,
    intermediateSize: fields.count('intermediate_size', undefined, LARGEST.width),
    layers: fields.count('num_hidden_layers', undefined, LARGEST.layers),
    heads,
    keyValueHeads,
    headDim,
    vocabularySize: fields.count('vocab_size', undefined, LARGEST.vocabulary),
    normEpsilon: fields.number('rms_norm_eps', defaults.normEpsilon ?? 1e-6),
    ...rope,
    tiedEmbeddings: fields.flag('tie_word_embeddings', defaults.tied ?? false),
    bosTokenId: fields.tokenIds('bos_token_id')[0] ?? null,
    eosTokenIds: fields.tokenIds('eos_token_id'),
  };
}

/** `attention_bias` and `mlp_bias` of config.json: biases of queries, keys, values and output, and of the feed-forward block. */
export function parseBiases(fields: Fields): Pick<RotaryDecoderConfig, 'biases'> {
  const [attention, mlp] = [fields.flag('attention_bias', false), fields.flag('mlp_bias', false)];
  return attention || mlp ? { biases: { attention, output: attention, mlp } } : {};
}
