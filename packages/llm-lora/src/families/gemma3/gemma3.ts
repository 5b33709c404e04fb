import type * as tf from '@tensorflow/tfjs';
import type { Fields } from '../../formats/fields.js';
import type { WrittenGgufMetadata } from '../../formats/gguf/write.js';
import type { PositionInputs, PositionTree } from '../../model/positions.js';
import { rotaryPositions, windowedPositions, type RotaryTable, type RotaryTables, type WindowedTable } from '../../model/rotary.js';
import type { GgufView, ModelFamily } from '../family.js';
import type { TensorLayout } from '../layout.js';
import type { RotaryDecoderConfig } from '../shared/config.js';
import { projections, rotaryDecoder } from '../shared/decoder.js';
import {
  gemmaBlock,
  gemmaEmbed,
  gemmaLayout,
  gemmaNorm,
  parseGemma,
  shifted,
  softCap,
  type GemmaConfig,
  type GemmaNorm,
} from '../shared/gemma.js';
import { ggufWindow, parseRotaryDecoderGguf, rotaryDecoderMetadata, windowMetadata } from '../shared/gguf.js';
import { headNormLayout, type HeadNormKey, type RotaryDecoderLinear } from '../shared/layout.js';
import { headNorm, selfAttention, type Projections } from '../shared/projections.js';
import { parseRope } from '../shared/rope-scaling.js';
import { parseWindows, windowSize } from '../shared/windows.js';

/** Gemma 2's hyperparameters and the rotation of blocks that see through a window. */
export interface Gemma3Config extends GemmaConfig {
  /** Whether each block is a local one: rotated by its own base, and seeing through the window where that is shorter than the context. */
  readonly local: readonly boolean[];
  /** Rotation of local blocks. */
  readonly localRope: Pick<RotaryDecoderConfig, 'ropeTheta' | 'ropeScaling'>;
}

/** Tables of global blocks, of local ones, and positions. */
export type Gemma3Table = WindowedTable | `local${Capitalize<RotaryTable>}`;

/**
 * Gemma 3 (Kamath et al. 2025), text: as Gemma 2 with normed heads in place of capped scores, five local blocks to a global one, each
 * kind with a rotation of its own. Reference: transformers, models/gemma3/modeling_gemma3.py.
 */
export const gemma3: ModelFamily<Gemma3Config, RotaryDecoderLinear, GemmaNorm | HeadNormKey, 'norm', Gemma3Table> = {
  name: 'gemma3_text',
  description: 'Gemma 3, text only: 270M and 1B, and larger ones saved without their vision tower',
  className: 'Gemma3ForCausalLM',
  parseConfig,
  gguf: { architecture: 'gemma3', parseConfig: parseGguf, metadata },
  layout(config): TensorLayout<RotaryDecoderLinear, GemmaNorm | HeadNormKey, 'norm'> {
    const plain = gemmaLayout(config);
    const { q_norm, k_norm } = headNormLayout(config);
    return { ...plain, layer: { ...plain.layer, q_norm: shifted(q_norm), k_norm: shifted(k_norm) } };
  },
  ignores: rotaryDecoder.ignores,
  loraTargets: rotaryDecoder.loraTargets,
  positions: bothPositions(),
  embed: (config, _outer, rows) => gemmaEmbed(config, rows),
  block(config, layer, x, { linear, ...inputs }) {
    const { positions } = inputs.tokens;
    const rotary = config.local[inputs.index] === true ? localTables(positions) : positions;
    const project = projections({}, linear);
    const normedHeads = ({ query, key, value }: Projections): Projections => ({
      query: gemmaHeadNorm(query, layer.q_norm, config.normEpsilon),
      key: gemmaHeadNorm(key, layer.k_norm, config.normEpsilon),
      value,
    });
    const options = { rotary, places: positions.places, softCap: config.attentionCap };
    return gemmaBlock(config, layer, x, linear, (normed) => selfAttention(config, normedHeads(project(normed)), inputs, options));
  },
  finalNorm: ({ normEpsilon }, { norm }, hidden) => gemmaNorm(hidden, norm, normEpsilon),
  logitCap: ({ finalCap }) => finalCap,
};

const gemmaHeadNorm = (x: tf.Tensor2D, weight: tf.Tensor, epsilon: number): tf.Tensor2D => headNorm(x, weight.add(1), epsilon);

function localTables({
  localQueryCos,
  localQuerySin,
  localKeyCos,
  localKeySin,
}: PositionTree<tf.Tensor, Gemma3Table>): RotaryTables<tf.Tensor> {
  return { queryCos: localQueryCos, querySin: localQuerySin, keyCos: localKeyCos, keySin: localKeySin };
}

function bothPositions(): PositionInputs<Gemma3Config, Gemma3Table> {
  const named = <L>({ queryCos, querySin, keyCos, keySin }: RotaryTables<L>): PositionTree<L, `local${Capitalize<RotaryTable>}`> => ({
    localQueryCos: queryCos,
    localQuerySin: querySin,
    localKeyCos: keyCos,
    localKeySin: keySin,
  });
  const local = (config: Gemma3Config): Gemma3Config => ({ ...config, ...config.localRope });
  return {
    specs: (config, rows, time) => ({
      ...windowedPositions.specs(config, rows, time),
      ...named(rotaryPositions.specs(local(config), rows, time) as RotaryTables<ReturnType<typeof rotaryPositions.specs>['keyCos']>),
    }),
    values: (config, positions) => ({
      ...windowedPositions.values(config, positions),
      ...named(rotaryPositions.values(local(config), positions)),
    }),
  };
}

/** Every sixth block is a global one where nothing else is said. */
const PATTERN = 6;

const isLocal =
  (pattern: number) =>
  (index: number): boolean =>
    (index + 1) % pattern !== 0;

function parseConfig(fields: Fields): Gemma3Config {
  const rope = { theta: 1_000_000, kind: 'full_attention' };
  const config = parseGemma(fields, { maxPositions: 131_072, rope }, { attention: null, final: null });
  const slides = isLocal(fields.count('sliding_window_pattern', PATTERN));
  const rule = { layers: config.layers, size: windowSize(fields, 4096), slides };
  const { ropeTheta, ropeScaling } = parseRope(fields, {
    maxPositions: config.maxPositions,
    headDim: config.headDim,
    theta: 10_000,
    thetaField: 'rope_local_base_freq',
    kind: 'sliding_attention',
    scaled: false,
  });
  const { windows } = parseWindows(fields, { ...rule, maxPositions: Infinity });
  const local = Array.from({ length: config.layers }, (_, index) => (windows?.[index] ?? null) !== null);
  return {
    ...config,
    ...parseWindows(fields, { ...rule, maxPositions: config.maxPositions }),
    local,
    localRope: { ropeTheta, ropeScaling },
  };
}

/** Blocks of the 27B model, which alone scales queries by another number than the width of a head; llama.cpp knows it by them. */
const BLOCKS_OF_27B = 62;

function parseGguf(fields: Fields, file: GgufView): Gemma3Config {
  const config = parseRotaryDecoderGguf(fields, 'gemma3', file, { ropeTheta: 1_000_000 });
  const { hiddenSize, heads, headDim, layers } = config;
  const size = ggufWindow(fields, 'gemma3');
  const pattern = fields.count('gemma3.attention.sliding_window_pattern', PATTERN);
  const local = Array.from({ length: layers }, (_, index) => size !== null && isLocal(pattern)(index));
  return {
    ...config,
    queryScale: 1 / Math.sqrt(layers === BLOCKS_OF_27B ? hiddenSize / heads : headDim),
    attentionCap: null,
    finalCap: softCap(fields, 'gemma3.final_logit_softcapping', null),
    ...(size === null || size >= config.maxPositions ? {} : { windows: local.map((each) => (each ? size : null)) }),
    local,
    localRope: { ropeTheta: fields.number('gemma3.rope.freq_base_swa', 10_000), ropeScaling: null },
  };
}

/** Local blocks are those before each global one; without a window in the file there are none. */
function metadata(config: Gemma3Config): WrittenGgufMetadata {
  const { local, localRope, finalCap, maxPositions, layers } = config;
  const first = local.indexOf(false);
  const slides = local.includes(true);
  return {
    ...rotaryDecoderMetadata(config, 'gemma3'),
    ...(slides ? { 'gemma3.attention.sliding_window': { uint32: maxPositions } } : {}),
    ...windowMetadata(config, 'gemma3'),
    'gemma3.attention.sliding_window_pattern': { uint32: first < 0 ? layers + 1 : slides ? first + 1 : PATTERN },
    'gemma3.rope.freq_base_swa': { float32: localRope.ropeTheta },
    ...(finalCap === null ? {} : { 'gemma3.final_logit_softcapping': { float32: finalCap } }),
  };
}
