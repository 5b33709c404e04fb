import type { Fields } from '../../formats/fields.js';
import type { WrittenGgufMetadata } from '../../formats/gguf/write.js';
import type { WindowedTable } from '../../model/rotary.js';
import type { GgufView, ModelFamily } from '../family.js';
import { projections, rotaryDecoder } from '../shared/decoder.js';
import { gemmaBlock, gemmaEmbed, gemmaLayout, gemmaNorm, parseGemma, softCap, type GemmaConfig, type GemmaNorm } from '../shared/gemma.js';
import { ggufWindow, parseRotaryDecoderGguf, rotaryDecoderMetadata, windowMetadata } from '../shared/gguf.js';
import type { RotaryDecoderLinear } from '../shared/layout.js';
import { selfAttention } from '../shared/projections.js';
import { parseWindows, windowSize, windowsOf } from '../shared/windows.js';

/**
 * Gemma 2 (Rivière et al. 2024): scaled embeddings, four norms a block, capped scores and logits, a window in every second block.
 * Reference: transformers, models/gemma2/modeling_gemma2.py.
 */
export const gemma2: ModelFamily<GemmaConfig, RotaryDecoderLinear, GemmaNorm, 'norm', WindowedTable> = {
  name: 'gemma2',
  description: 'Gemma 2',
  className: 'Gemma2ForCausalLM',
  parseConfig,
  gguf: { architecture: 'gemma2', parseConfig: parseGguf, metadata },
  layout: gemmaLayout,
  ignores: rotaryDecoder.ignores,
  loraTargets: rotaryDecoder.loraTargets,
  positions: rotaryDecoder.positions,
  embed: (config, _outer, rows) => gemmaEmbed(config, rows),
  block(config, layer, x, { linear, ...inputs }) {
    const { positions } = inputs.tokens;
    const project = projections({}, linear);
    const options = { rotary: positions, places: positions.places, softCap: config.attentionCap };
    return gemmaBlock(config, layer, x, linear, (normed) => selfAttention(config, project(normed), inputs, options));
  },
  finalNorm: ({ normEpsilon }, { norm }, hidden) => gemmaNorm(hidden, norm, normEpsilon),
  logitCap: ({ finalCap }) => finalCap,
};

/** The first block and every second one after it see through the window. */
const slides = (index: number): boolean => index % 2 === 0;

function parseConfig(fields: Fields): GemmaConfig {
  const config = parseGemma(fields, { maxPositions: 8192 }, { attention: 50, final: 30 });
  return { ...config, ...parseWindows(fields, { ...config, size: windowSize(fields, 4096), slides }) };
}

/** Blocks of the 27B model, which alone scales queries by another number than the width of a head; llama.cpp knows it by them. */
const BLOCKS_OF_27B = 46;

function parseGguf(fields: Fields, file: GgufView): GemmaConfig {
  const config = parseRotaryDecoderGguf(fields, 'gemma2', file);
  const { hiddenSize, heads, headDim, layers } = config;
  return {
    ...config,
    queryScale: 1 / Math.sqrt(layers === BLOCKS_OF_27B ? hiddenSize / heads : headDim),
    attentionCap: softCap(fields, 'gemma2.attn_logit_softcapping', 50),
    finalCap: softCap(fields, 'gemma2.final_logit_softcapping', 30),
    ...windowsOf({ ...config, size: ggufWindow(fields, 'gemma2') ?? 4096, slides }, slides),
  };
}

/** A missing window or cap stands for the usual one: a window as long as the context is none. */
function metadata(config: GemmaConfig): WrittenGgufMetadata {
  const { attentionCap, finalCap, maxPositions } = config;
  return {
    ...rotaryDecoderMetadata(config, 'gemma2'),
    'gemma2.attention.sliding_window': { uint32: maxPositions },
    ...windowMetadata(config, 'gemma2'),
    ...(attentionCap === null ? {} : { 'gemma2.attn_logit_softcapping': { float32: attentionCap } }),
    ...(finalCap === null ? {} : { 'gemma2.final_logit_softcapping': { float32: finalCap } }),
  };
}
