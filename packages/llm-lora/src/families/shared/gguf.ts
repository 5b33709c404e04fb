import type { Fields } from '../../formats/fields.js';
import type { WrittenGgufMetadata } from '../../formats/gguf/write.js';
import type { DecoderConfig } from '../../model/config.js';
import type { RopeScaling } from '../../model/rotary.js';
import type { GgufView } from '../family.js';
import { LARGEST, type RotaryDecoderConfig } from './config.js';
import { yarnAttention } from './rope-scaling.js';

/** What llama.cpp's loader takes where a file is silent, and how families differ in it. */
export interface RotaryGgufDefaults {
  /** `rope.freq_base`. Default 10,000. */
  readonly ropeTheta?: number;
  /** Whether only some dimensions of a head may be rotated (`rope.dimension_count`). Default false. */
  readonly partialRotary?: boolean;
}

/**
 * Reads the metadata that llama.cpp's converter writes for Llama and its descendants under the name of their architecture.
 * @param architecture what stands before the keys: `llama`
 * @throws FormatError `CONFIG_BAD_FIELD`
 */
export function parseRotaryDecoderGguf(
  fields: Fields,
  architecture: string,
  file: GgufView,
  { ropeTheta = 10_000, partialRotary = false }: RotaryGgufDefaults = {},
): RotaryDecoderConfig {
  const key = (name: string): string => `${architecture}.${name}`;
  if (fields.number(key('expert_count'), 0) > 0) {
    throw fields.bad(key('expert_count'), `is ${fields.number(key('expert_count'))}`, '0: mixtures of experts are not supported');
  }
  const heads = fields.count(key('attention.head_count'), undefined, LARGEST.heads);
  const hiddenSize = fields.count(key('embedding_length'), undefined, LARGEST.width);
  const headDim = fields.count(key('attention.key_length'), hiddenSize / heads, LARGEST.width);
  const keyValueHeads = fields.count(key('attention.head_count_kv'), heads, LARGEST.heads);
  if (heads % keyValueHeads !== 0) {
    throw fields.bad(key('attention.head_count_kv'), `is ${keyValueHeads}`, `a divisor of the ${heads} query heads`);
  }
  const rotaryDim = fields.count(key('rope.dimension_count'), headDim);
  for (const name of [key('attention.value_length'), ...(partialRotary ? [] : [key('rope.dimension_count')])]) {
    if (fields.count(name, headDim) !== headDim) throw fields.bad(name, `is ${fields.count(name)}`, `${headDim}, the width of a head`);
  }
  if (rotaryDim % 2 !== 0 || rotaryDim > headDim) {
    throw fields.bad(key('rope.dimension_count'), `is ${rotaryDim}`, `an even number of the ${headDim} dimensions of a head`);
  }
  return {
    ...parseGgufCommon(fields, architecture),
    hiddenSize,
    intermediateSize: fields.count(key('feed_forward_length'), undefined, LARGEST.width),
    heads,
    keyValueHeads,
    headDim,
    normEpsilon: fields.number(key('attention.layer_norm_rms_epsilon')),
    ropeTheta: fields.number(key('rope.freq_base'), ropeTheta),
    ...(rotaryDim === headDim ? {} : { rotaryDim }),
    ...parseScaling(fields, key, file, rotaryDim),
    tiedEmbeddings: !file.hasTensor('output.weight'),
  };
}

/** What the metadata of every architecture say. */
export function parseGgufCommon(
  fields: Fields,
  architecture: string,
): Pick<RotaryDecoderConfig, 'layers' | 'vocabularySize' | 'bosTokenId' | 'eosTokenIds'> {
  const words = fields.raw('tokenizer.ggml.tokens');
  const ends = ['tokenizer.ggml.eos_token_id', 'tokenizer.ggml.eot_token_id'].map((name) => tokenId(fields, name));
  return {
    layers: fields.count(`${architecture}.block_count`, undefined, LARGEST.layers),
    vocabularySize: fields.count(`${architecture}.vocab_size`, Array.isArray(words) ? words.length : undefined, LARGEST.vocabulary),
    bosTokenId: tokenId(fields, 'tokenizer.ggml.bos_token_id'),
    eosTokenIds: [...new Set(ends.filter((id) => id !== null))],
  };
}

/** The biases that a file has, by those of its first block. */
export function ggufBiases({ hasTensor }: GgufView): Pick<RotaryDecoderConfig, 'biases'> {
  const has = (name: string): boolean => hasTensor(`blk.0.${name}.bias`);
  const biases = { attention: has('attn_q'), output: has('attn_output'), mlp: has('ffn_gate') };
  return biases.attention || biases.output || biases.mlp ? { biases } : {};
}

/** `attention.sliding_window` of the metadata; null where it is missing or 0. */
export function ggufWindow(fields: Fields, architecture: string): number | null {
  const size = fields.number(`${architecture}.attention.sliding_window`, 0);
  return size === 0 ? null : fields.count(`${architecture}.attention.sliding_window`);
}

function tokenId(fields: Fields, name: string): number | null {
  return fields.tokenIds(name)[0] ?? null;
}

type Key = (name: string) => string;
type Scaling = Pick<RotaryDecoderConfig, 'ropeScaling' | 'maxPositions'>;

/**
 * As llama.cpp's loader: scaling is linear where no type is named, and files of 2023 have its factor as `rope.scale_linear`. Factors
 * in a tensor come before it; those of LongRoPE hold within the context of pre-training.
 */
function parseScaling(fields: Fields, key: Key, file: GgufView, rotaryDim: number): Scaling {
  const { ropeFactors: factors } = file;
  const maxPositions = fields.count(key('context_length'));
  const original = fields.count(key('rope.scaling.original_context_length'), maxPositions);
  if (factors !== null) {
    if (factors.length !== rotaryDim / 2 || !factors.every((factor) => factor > 0)) {
      const tensor = file.hasTensor('rope_freqs.weight') ? 'rope_freqs.weight' : 'rope_factors_short.weight';
      throw fields.bad(tensor, `has ${factors.length} entries`, `${rotaryDim / 2} positive numbers, one for each pair of dimensions`);
    }
    const attentionFactor = fields.number(key('rope.scaling.attn_factor'), 1);
    return { ropeScaling: { type: 'factors', factors, attentionFactor }, maxPositions: Math.min(maxPositions, original) };
  }
  const named = fields.text(key('rope.scaling.type'));
  if (named === 'none' || named === 'longrope') return { ropeScaling: null, maxPositions: Math.min(maxPositions, original) };
  if (named === 'yarn') return { ropeScaling: parseYarn(fields, key, original), maxPositions };
  const type = named ?? 'linear';
  if (type !== 'linear') throw fields.bad(key('rope.scaling.type'), `is ${JSON.stringify(type)}`, '"none", "linear", "yarn" or "longrope"');
  const older = fields.raw(key('rope.scaling.factor')) === null && fields.raw(key('rope.scale_linear')) !== null;
  const name = key(older ? 'rope.scale_linear' : 'rope.scaling.factor');
  const factor = named === null ? fields.number(name, 0) : fields.number(name); // 0: no scaling, where nothing names it
  if (factor < 0 || (named !== null && factor === 0)) throw fields.bad(name, `is ${factor}`, 'a positive number');
  return { ropeScaling: factor === 0 || factor === 1 ? null : { type, factor }, maxPositions };
}

function parseYarn(fields: Fields, key: Key, originalMaxPositions: number): RopeScaling {
  const factor = fields.number(key('rope.scaling.factor'));
  if (factor <= 0) throw fields.bad(key('rope.scaling.factor'), `is ${factor}`, 'a positive number');
  return {
    type: 'yarn',
    factor,
    betaFast: fields.number(key('rope.scaling.yarn_beta_fast'), 32),
    betaSlow: fields.number(key('rope.scaling.yarn_beta_slow'), 1),
    originalMaxPositions,
    attentionFactor: fields.number(key('rope.scaling.attn_factor'), 1) * yarnAttention(factor),
    truncate: true,
  };
}

/** What {@link parseRotaryDecoderGguf} reads, as llama.cpp's converter writes it. @param architecture what stands before the keys */
export function rotaryDecoderMetadata(config: RotaryDecoderConfig, architecture: string): WrittenGgufMetadata {
  const { hiddenSize, intermediateSize, heads, keyValueHeads, headDim, rotaryDim = headDim, normEpsilon, ropeTheta } = config;
  return prefixed(architecture, {
    ...commonMetadata(config),
    feed_forward_length: { uint32: intermediateSize },
    embedding_length: { uint32: hiddenSize },
    'attention.head_count': { uint32: heads },
    'attention.head_count_kv': { uint32: keyValueHeads },
    'attention.key_length': { uint32: headDim },
    'attention.value_length': { uint32: headDim },
    'attention.layer_norm_rms_epsilon': { float32: normEpsilon },
    'rope.dimension_count': { uint32: rotaryDim },
    'rope.freq_base': { float32: ropeTheta },
    ...scalingMetadata(config),
  });
}

/** What {@link parseGgufCommon} reads, but for the tokenizer's. */
export function commonMetadata({ layers, maxPositions, vocabularySize }: DecoderConfig): WrittenGgufMetadata {
  return {
    block_count: { uint32: layers },
    context_length: { uint32: maxPositions },
    vocab_size: { uint32: vocabularySize },
  };
}

/** The window that some blocks have; none where none has. */
export function windowMetadata({ windows = [] }: RotaryDecoderConfig, architecture: string): WrittenGgufMetadata {
  const size = windows.find((window) => window !== null);
  return size === undefined || size === null ? {} : { [`${architecture}.attention.sliding_window`]: { uint32: size } };
}

/** The same metadata under the name of their architecture. */
export function prefixed(architecture: string, metadata: WrittenGgufMetadata): WrittenGgufMetadata {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [`${architecture}.${key}`, value]));
}

/** Factors stand in a tensor. */
function scalingMetadata({ ropeScaling }: RotaryDecoderConfig): WrittenGgufMetadata {
  switch (ropeScaling?.type) {
    case 'linear':
      return { 'rope.scaling.type': 'linear', 'rope.scaling.factor': { float32: ropeScaling.factor } };
    case 'yarn': {
      const { factor, betaFast, betaSlow, originalMaxPositions, attentionFactor } = ropeScaling;
      return {
        'rope.scaling.type': 'yarn',
        'rope.scaling.factor': { float32: factor },
        'rope.scaling.original_context_length': { uint32: originalMaxPositions },
        'rope.scaling.yarn_beta_fast': { float32: betaFast },
        'rope.scaling.yarn_beta_slow': { float32: betaSlow },
        'rope.scaling.attn_factor': { float32: attentionFactor / yarnAttention(factor) },
      };
    }
    case 'factors':
      return ropeScaling.attentionFactor === 1 ? {} : { 'rope.scaling.attn_factor': { float32: ropeScaling.attentionFactor } };
    case 'llama3':
    case undefined:
      return {};
  }
}
