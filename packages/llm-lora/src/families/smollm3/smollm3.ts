import type { Fields } from '../../formats/fields.js';
import type { WindowedTable } from '../../model/rotary.js';
import type { GgufView, ModelFamily } from '../family.js';
import { parseBiases, parseRotaryDecoder, type RotaryDecoderConfig } from '../shared/config.js';
import { projections, rotaryBlock, rotaryDecoder } from '../shared/decoder.js';
import { ggufBiases, parseRotaryDecoderGguf, rotaryDecoderMetadata } from '../shared/gguf.js';
import { permutedInGguf, rotaryDecoderLayout, type RotaryDecoderLinear, type RotaryDecoderNorm } from '../shared/layout.js';
import { parseWindows, windowSize } from '../shared/windows.js';

/** Llama's hyperparameters and the blocks that know of no positions. */
export interface SmolLm3Config extends RotaryDecoderConfig {
  /** Whether each block rotates queries and keys. */
  readonly rotated: readonly boolean[];
}

/** SmolLM3 (Bakouch et al. 2025): Llama without positions in every fourth block. Reference: transformers, models/smollm3/modeling_smollm3.py. */
export const smollm3: ModelFamily<SmolLm3Config, RotaryDecoderLinear, RotaryDecoderNorm, 'norm', WindowedTable> = {
  ...rotaryDecoder,
  name: 'smollm3',
  description: 'SmolLM3',
  className: 'SmolLM3ForCausalLM',
  parseConfig,
  gguf: { architecture: 'smollm3', parseConfig: parseGguf, metadata: (config) => rotaryDecoderMetadata(config, 'smollm3') },
  layout: (config) => permutedInGguf(rotaryDecoderLayout(config), config),
  block(config, layer, x, inputs) {
    const rotary = config.rotated[inputs.index] === true ? inputs.tokens.positions : null;
    return rotaryBlock(config, layer, x, inputs, projections(layer, inputs.linear), rotary);
  },
};

/** Every fourth block has no positions where nothing else is said; llama.cpp knows no other order. */
const INTERVAL = 4;

const rotatedBlocks = (layers: number, interval: number): boolean[] =>
  Array.from({ length: layers }, (_, index) => (index + 1) % interval !== 0);

function parseConfig(fields: Fields): SmolLm3Config {
  const config = parseRotaryDecoder(fields, { maxPositions: 32_768, tied: true, keyValueHeads: 4, rope: { theta: 2_000_000 } });
  const size = fields.flag('use_sliding_window', false) ? windowSize(fields, null) : null;
  const rotated = parseRotated(fields, config.layers);
  const windows = parseWindows(fields, { ...config, size, slides: (index) => rotated[index] === false });
  return { ...config, ...parseBiases(fields), ...windows, rotated };
}

function parseRotated(fields: Fields, layers: number): boolean[] {
  const given = fields.raw('no_rope_layers');
  if (given === null) return rotatedBlocks(layers, fields.count('no_rope_layer_interval', INTERVAL));
  const list: readonly unknown[] = Array.isArray(given) ? (given as unknown[]) : [];
  if (list.length >= layers && list.every((each) => each === 0 || each === 1)) return list.slice(0, layers).map((each) => each === 1);
  throw fields.bad('no_rope_layers', `is ${JSON.stringify(given)}`, `0 (no positions) or 1 for each of ${layers} blocks`);
}

function parseGguf(fields: Fields, file: GgufView): SmolLm3Config {
  const config = parseRotaryDecoderGguf(fields, 'smollm3', file);
  return { ...config, ...ggufBiases(file), rotated: rotatedBlocks(config.layers, INTERVAL) };
}
