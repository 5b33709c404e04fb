import type { Fields } from '../../formats/fields.js';
import type { RopeScaling } from '../../model/rotary.js';
import { LARGEST, type RotaryDecoderConfig } from './config.js';

/**
 * Reads the metadata that llama.cpp's converter writes for Llama and its descendants under the name of their architecture.
 * @param architecture what stands before the keys: `llama`
 * @param hasTensor whether the file holds a tensor of that (GGUF) name
 * @throws FormatError `CONFIG_BAD_FIELD`
 */
export function parseRotaryDecoderGguf(fields: Fields, architecture: string, hasTensor: (name: string) => boolean): RotaryDecoderConfig {
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
  for (const name of [key('attention.value_length'), key('rope.dimension_count')]) {
    if (fields.count(name, headDim) !== headDim) throw fields.bad(name, `is ${fields.count(name)}`, `${headDim}, the width of a head`);
  }
  const words = fields.raw('tokenizer.ggml.tokens');
  const ends = ['tokenizer.ggml.eos_token_id', 'tokenizer.ggml.eot_token_id'].map((name) => tokenId(fields, name));
  return {
    hiddenSize,
    intermediateSize: fields.count(key('feed_forward_length'), undefined, LARGEST.width),
    layers: fields.count(key('block_count'), undefined, LARGEST.layers),
    heads,
    keyValueHeads,
    headDim,
    vocabularySize: fields.count(key('vocab_size'), Array.isArray(words) ? words.length : undefined, LARGEST.vocabulary),
    maxPositions: fields.count(key('context_length')),
    normEpsilon: fields.number(key('attention.layer_norm_rms_epsilon')),
    ropeTheta: fields.number(key('rope.freq_base'), 10_000),
    ropeScaling: parseScaling(fields, key('rope')),
    tiedEmbeddings: !hasTensor('output.weight'),
    bosTokenId: tokenId(fields, 'tokenizer.ggml.bos_token_id'),
    eosTokenIds: [...new Set(ends.filter((id) => id !== null))],
  };
}

function tokenId(fields: Fields, name: string): number | null {
  return fields.tokenIds(name)[0] ?? null;
}

/**
 * As llama.cpp's loader: scaling is linear where no type is named, and files of 2023 have its factor as `rope.scale_linear`.
 * Llama 3's scaling stands in a tensor of factors, not in the metadata: only config.json can give it.
 */
function parseScaling(fields: Fields, key: string): RopeScaling | null {
  const named = fields.text(`${key}.scaling.type`);
  if (named === 'none') return null;
  const type = named ?? 'linear';
  if (type !== 'linear') throw fields.bad(`${key}.scaling.type`, `is ${JSON.stringify(type)}`, '"none" or "linear"');
  const older = fields.raw(`${key}.scaling.factor`) === null && fields.raw(`${key}.scale_linear`) !== null;
  const name = older ? `${key}.scale_linear` : `${key}.scaling.factor`;
  const factor = named === null ? fields.number(name, 0) : fields.number(name); // 0: no scaling, where nothing names it
  if (factor < 0 || (named !== null && factor === 0)) throw fields.bad(name, `is ${factor}`, 'a positive number');
  return factor === 0 || factor === 1 ? null : { type, factor };
}
