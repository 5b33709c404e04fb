import { CompiledCache, constant, spec, specOf, type HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { HostLora } from '../lora/adapter-store.js';
import type { LoraTree } from '../lora/lora-tree.js';
import type { KeyValues } from '../model/attention.js';
import type { LlamaParameters } from '../model/parameters.js';
import { rotaryTables, type RotaryTables } from '../model/rotary.js';
import { mapLora, mapParameters } from '../model/weights.js';
import type { PolicyContext } from './context.js';
import type { KeyValueCache } from './key-value-cache.js';
import { nextToken } from './next-token.js';
import { lengthMask } from './packing.js';
import { compileProgram, type Program } from './program.js';

/** What a step of all slots gives. */
export interface DecodeOutputs {
  /** [slots, vocabulary] */
  readonly probabilities: HostTensor;
  /** [slots, layers, 2, keyValueHeads, headDim] */
  readonly fresh: HostTensor;
}

type StepInputs = {
  /** [slots, hidden]: embeddings of the tokens fed */
  readonly embedded: tf.Tensor;
  readonly rotary: RotaryTables<tf.Tensor>;
  /** [slots, 1, 1, size] */
  readonly pastMask: tf.Tensor;
  readonly inverseTemperature: tf.Tensor;
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

  /** @param tokens the last token of each slot, whose keys and values are not in the cache yet; whatever for empty slots */
  step(cache: KeyValueCache, tokens: Int32Array, lora: HostLora | null, temperature: number): Promise<DecodeOutputs> {
    const { weights } = this.#context;
    const asConstants = this.#context.limits.decoderWeights === 'constants';
    const inputs = {
      embedded: embed(weights.tree.parameters.embedding.data, tokens, weights.config.hiddenSize),
      rotary: rotaryTables(weights.config, cache.lengths),
      pastMask: lengthMask(cache.lengths, cache.size),
      inverseTemperature: Float32Array.of(1 / temperature),
    };
    return this.#compiled.use(
      `${cache.slots}x${cache.size},${lora?.structure ?? 'base'}`,
      () => compileDecoder(this.#context, cache, lora),
      (compiled) => compiled.run([asConstants ? undefined : weights.tree.parameters, lora?.tree ?? [], inputs, cache.layers]),
    );
  }
}

/** Rows of the embedding table; looked up here, so that the graph holds the tied table once, as its packed head. */
function embed(table: Float32Array, tokens: Int32Array, width: number): Float32Array {
  const rows = new Float32Array(tokens.length * width);
  tokens.forEach((token, row) => rows.set(table.subarray(token * width, (token + 1) * width), row * width));
  return rows;
}

function compileDecoder(
  { weights, compileOptions, limits }: PolicyContext,
  { slots, size }: KeyValueCache,
  lora: HostLora | null,
): Promise<Program<DecodeOutputs>> {
  const { config, architecture } = weights;
  const { keyValueHeads, headDim, hiddenSize } = config;
  const scale = lora?.scale ?? 0;
  const traced = (
    parameters: LlamaParameters<tf.Tensor>,
    tree: LoraTree<tf.Tensor>,
    { embedded, rotary, pastMask, inverseTemperature }: StepInputs,
    past: readonly KeyValues<tf.Tensor>[],
  ): unknown => {
    const context = { batch: slots, time: 1, rotary, mask: null, pastMask, past, lora: tree.length === 0 ? null : { tree, scale } };
    const { hidden, keyValues } = architecture.decode(config, parameters, embedded as tf.Tensor2D, context);
    const flat = keyValues
      .flatMap(({ keys, values }) => [keys, values])
      .map((x) => tf.reshape<tf.Rank.R2>(x, [slots, keyValueHeads * headDim]));
    return { probabilities: nextToken(weights, parameters, hidden, inverseTemperature), fresh: tf.concat2d(flat, 1) };
  };
  const table = spec([slots, 1, 1, headDim / 2]);
  const cached = spec([slots, keyValueHeads, size, headDim]);
  const specs = [
    mapParameters(weights.tree.parameters, limits.decoderWeights === 'constants' ? constant : specOf),
    lora === null ? [] : mapLora(lora.tree, specOf),
    {
      embedded: spec([slots, hiddenSize]),
      rotary: { queryCos: table, querySin: table, keyCos: table, keySin: table },
      pastMask: spec([slots, 1, 1, size]),
      inverseTemperature: spec([]),
    },
    Array.from({ length: config.layers }, () => ({ keys: cached, values: cached })),
  ];
  return compileProgram(traced, specs, { ...compileOptions, name: `decode ${slots}x${size}`, releaseMemory: false });
}
