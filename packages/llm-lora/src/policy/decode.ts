import { CompiledCache, constant, dynamicSpec, mapTree, spec, specOf, type HostTensor, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { applied, loraInputs, type HostLora, type LoraInputs } from '../lora/applied-lora.js';
import type { KeyValues } from '../model/attention.js';
import { decode } from '../model/decoder.js';
import type { Matrix } from '../model/linear.js';
import type { ParameterTree } from '../model/parameters.js';
import type { PositionTree } from '../model/positions.js';
import { hostRows, tableWidth } from '../model/table.js';
import { mapParameters } from '../model/weights.js';
import type { PolicyContext } from './context.js';
import { excerptUniforms } from './excerpt.js';
import type { KeyValueCache } from './key-value-cache.js';
import { nextToken, type NextTokenForm, type NextTokenRequest } from './next-token.js';
import { lengthMask } from './packing.js';
import { compileProgram, type Program } from './program.js';
import { inverseTemperatureOf } from './temperature.js';

/** What a step of all slots gives. */
export interface DecodeOutputs {
  /** [slots, vocabulary], or excerpts: of the form that was asked for later tokens */
  readonly next: HostTensor;
  /** [slots, layers, 2, keyValueHeads, headDim] */
  readonly fresh: HostTensor;
}

type StepInputs = {
  /** [slots, width]: rows of the embedding table for the tokens fed */
  readonly rows: tf.Tensor;
  readonly positions: PositionTree<tf.Tensor>;
  /** [slots, 1, 1, size] */
  readonly pastMask: tf.Tensor;
  /** [1, 1, 1, size]: 0, 1, 2, … */
  readonly pastPlaces: tf.Tensor;
  readonly inverseTemperature: tf.Tensor;
  /** [slots]: what tokens are drawn by, for the form "drawn" */
  readonly uniforms?: tf.Tensor | undefined;
};

/** One token for each slot, after the keys and values in the cache. */
export class Decoder {
  readonly #context: PolicyContext;
  readonly #compiled: CompiledCache<Program<DecodeOutputs>>;

  constructor(context: PolicyContext) {
    this.#context = context;
    this.#compiled = new CompiledCache(context.limits.decoders);
    context.onDispose(() => this.#compiled.clear());
  }

  /**
   * @param tokens the last token of each slot, whose keys and values are not in the cache yet; whatever for empty slots
   * @param uniforms for each slot the number in [0, 1) that its next token is drawn by
   */
  step(
    cache: KeyValueCache,
    tokens: Int32Array,
    uniforms: readonly number[],
    lora: HostLora | null,
    { later: form, temperature }: NextTokenRequest,
  ): Promise<DecodeOutputs> {
    const { weights } = this.#context;
    const asConstants = this.#context.limits.decoderWeights === 'constants';
    const inputs = {
      rows: hostRows(weights.tree.parameters.embedding, tokens), // here, so that the graph holds a tied table once, as its packed head
      positions: weights.family.positions.values(weights.config, cache.lengths),
      pastMask: lengthMask(cache.lengths, cache.size),
      pastPlaces: cache.places,
      inverseTemperature: inverseTemperatureOf(temperature),
      ...(form === 'drawn' ? { uniforms: excerptUniforms(uniforms) } : {}),
    };
    return this.#compiled.use(
      `${cache.slots},${form},${lora?.structure ?? 'base'}`,
      () => compileDecoder(this.#context, cache.slots, lora, form),
      (compiled) => compiled.run([asConstants ? undefined : weights.tree.parameters, loraInputs(lora), inputs, cache.layers]),
    );
  }
}

function compileDecoder(
  { weights, compileOptions, limits }: PolicyContext,
  slots: number,
  lora: HostLora | null,
  form: NextTokenForm,
): Promise<Program<DecodeOutputs>> {
  const { config, family } = weights;
  const { keyValueHeads, headDim } = config;
  const traced = (
    parameters: ParameterTree<tf.Tensor, Matrix<tf.Tensor>>,
    adapter: LoraInputs<tf.Tensor>,
    { rows, positions, pastMask, pastPlaces, inverseTemperature, uniforms }: StepInputs,
    past: readonly KeyValues<tf.Tensor>[],
  ): unknown => {
    const { hidden, keyValues } = decode(family, config, parameters, rows as tf.Tensor2D, {
      tokens: { batch: slots, time: 1, positions, mask: null, pastMask, pastPlaces },
      past,
      activations: weights.activations,
      lora: applied(lora, adapter),
    });
    const flat = keyValues
      .flatMap(({ keys, values }) => [keys, values])
      .map((x) => tf.reshape<tf.Rank.R2>(x, [slots, keyValueHeads * headDim]));
    return { next: nextToken(weights, parameters, hidden, inverseTemperature, form, uniforms), fresh: tf.concat2d(flat, 1) };
  };
  const cached = dynamicSpec([slots, keyValueHeads, null, headDim]); // one function for caches of any size: it holds the weights
  const specs = [
    mapParameters(weights.tree.parameters, limits.decoderWeights === 'constants' ? constant : specOf),
    mapTree<unknown, [HostTensor], TensorSpec>(loraInputs(lora), specOf),
    {
      rows: spec([slots, tableWidth(weights.tree.parameters.embedding)]),
      positions: family.positions.specs(config, slots, 1),
      pastMask: dynamicSpec([slots, 1, 1, null]),
      pastPlaces: dynamicSpec([1, 1, 1, null]),
      inverseTemperature: spec([]),
      ...(form === 'drawn' ? { uniforms: spec([slots]) } : {}),
    },
    Array.from({ length: config.layers }, () => ({ keys: cached, values: cached })),
  ];
  return compileProgram(traced, specs, { ...compileOptions, name: `decode ${slots}`, releaseMemory: false });
}
