import { compile, type CompiledFunction, type HostTensor } from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import type { Backbone, HostParameters, ParameterTree } from '../backbones/backbone.js';
import type { Features } from '../features/encode.js';
import type { FeatureSchema } from '../features/schema.js';
import type { EmbeddingTable } from '../tables/embedding-table.js';
import { eventSizes } from '../tables/event-sizes.js';
import { parameterSpecs } from './parameters.js';
import { batchSpecs, createBuffers, createGatherer, featureBatch, type BatchShape, type OtherInputs, type RowInputs } from './batch.js';

/** The parts of a model that predict. */
export interface ModelState {
  /** The backbone. */
  readonly backbone: Backbone;
  /** The backbone's own options, none left out. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The schema that it was fitted for. */
  readonly schema: FeatureSchema;
  /** Components of a field embedding; 0 for backbones without. */
  readonly dimension: number;
  /** The backbone's parameters. */
  readonly parameters: HostParameters<ParameterTree>;
  /** The embedding tables. */
  readonly tables: readonly EmbeddingTable[];
}

/** The shape of batches of `size` rows of the features. */
export function batchShape({ backbone, options, schema, dimension, tables }: ModelState, features: Features, size: number): BatchShape {
  if (!backbone.usesSequences) return { schema, dimension, size };
  const searches = backbone.searches?.(schema, options);
  return { schema, dimension, size, events: eventSizes(features, tables, size), ...(searches === undefined ? {} : { searches }) };
}

/** Computes log-odds with compiled functions that it keeps, one a batch shape. */
export interface Predictor {
  /** Log-odds of label 1 for each row; the parameters are read as they are at the time of the call. */
  logits(features: Features, atMean?: readonly string[]): Promise<Float64Array>;
  /** Frees the compiled functions. */
  dispose(): Promise<void>;
}

const LARGEST_BATCH = 2048;
const SMALLEST_BATCH = 16;

type Forward = CompiledFunction<
  [HostParameters<ParameterTree>, RowInputs<Float32Array>, OtherInputs<Float32Array | Int32Array>],
  HostTensor
>;

/** A predictor for a model that may still be in training. */
export function createPredictor(state: ModelState): Predictor {
  const { backbone, schema, parameters, tables } = state;
  const compiled = new Map<string, Promise<Forward>>();

  function forward(shape: BatchShape): Promise<Forward> {
    const key = JSON.stringify([shape.size, shape.events]);
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const made = compileForward(shape);
    compiled.set(key, made);
    return made;
  }

  async function compileForward(shape: BatchShape): Promise<Forward> {
    const specs = batchSpecs(shape);
    return compile(
      (params: ParameterTree, rows: RowInputs<tf.Tensor>, others: OtherInputs<tf.Tensor>): tf.Tensor =>
        backbone.logits(params, featureBatch(schema, rows, others)),
      [parameterSpecs(parameters), specs.rows, specs.others],
      { name: `${backbone.name}-forward-${shape.size}` },
    );
  }

  return {
    async logits(features, atMean = []) {
      const gatherer = createGatherer(features, tables, { events: backbone.usesSequences === true, atMean });
      const rows = Int32Array.from({ length: features.length }, (_, row) => row);
      const logits = new Float64Array(rows.length);
      const size = batchSizeFor(rows.length);
      const shape = batchShape(state, features, size);
      const compiledForward = await forward(shape);
      const buffers = createBuffers(shape); // of this call: calls may overlap
      for (let start = 0; start < rows.length; start += size) {
        const count = Math.min(size, rows.length - start);
        gatherer.gather(rows, start, count, buffers);
        const { data } = await compiledForward.run([parameters, buffers.rows, buffers.others]);
        for (let b = 0; b < count; b += 1) logits[start + b] = data[b]!;
      }
      return logits;
    },
    async dispose() {
      const forwards = await Promise.all(compiled.values());
      compiled.clear();
      await Promise.all(forwards.map((each) => each.dispose()));
    },
  };
}

/** The next power of two, within bounds: few compiled functions serve all lengths. */
function batchSizeFor(rows: number): number {
  let size = SMALLEST_BATCH;
  while (size < rows && size < LARGEST_BATCH) size *= 2;
  return size;
}

/** 1 / (1 + e^-x), without overflow. */
export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}
