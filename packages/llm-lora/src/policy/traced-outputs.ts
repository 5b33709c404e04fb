import { spec, type HostArray, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { AppliedLora } from '../lora/applied-lora.js';
import { gatherRows } from '../model/gather-rows.js';
import { tracedHead } from '../model/head.js';
import { tokenStatistics } from '../model/vocabulary.js';
import type { ModelWeights, TracedWeights } from '../model/weights.js';
import type { TokenOutputs } from '@expctr/language-model/training';
import type { BatchPart, BatchShape } from './batch-plan.js';
import { forwardTokens } from './forward.js';
import { inverseTemperatureOf } from './temperature.js';
import { readoutSpecs, sequenceInputs, sequenceSpecs, type ReadoutInputs, type SequenceInputs } from './token-inputs.js';

/** A part of a batch as an argument of a compiled function. */
export type PartInputs<L> = {
  readonly sequence: SequenceInputs<L>;
  readonly readout: ReadoutInputs<L>;
  /** [batch * time] int32 */
  readonly inverse: L;
  /** [rows * response] int32 */
  readonly cells: L;
  /** [count] int32 */
  readonly cellOf: L;
  /** [rows, response] float32: 1 on response tokens */
  readonly mask: L;
};

/** Specs of {@link PartInputs}. */
export function partSpecs(model: ModelWeights, { batch, time, count, rows, response }: BatchShape): PartInputs<TensorSpec> {
  return {
    sequence: sequenceSpecs(model, batch, time),
    readout: readoutSpecs(count),
    inverse: spec([batch * time], 'int32'),
    cells: spec([rows * response], 'int32'),
    cellOf: spec([count], 'int32'),
    mask: spec([rows, response]),
  };
}

/** A part as host arrays. */
export function partInputs(model: ModelWeights, part: BatchPart, temperature: number): PartInputs<HostArray> {
  const { shape, packed, places, targets, inverse, cells, cellOf, mask } = part;
  return {
    sequence: sequenceInputs(model, packed, shape.batch, shape.time),
    readout: { places, targets, inverseTemperature: inverseTemperatureOf(temperature) },
    inverse,
    cells,
    cellOf,
    mask,
  };
}

/** What the traced forward pass of a part is told beside its inputs. */
export interface OutputsOptions {
  readonly shape: BatchShape;
  /** The adapter, or an empty one for none. */
  readonly lora: AppliedLora<tf.Tensor>;
  /** False leaves out what only a gradient needs. */
  readonly withGradients: boolean;
  /** As `DecoderInputs.recompute`. */
  readonly recompute?: boolean;
}

/**
 * The forward pass that scoring and training share, so that both compute the same bits. The head sees response tokens alone, in one
 * list; only what it says of them is laid out as a row for each response.
 */
export function tracedOutputs(
  model: ModelWeights,
  weights: TracedWeights,
  { sequence, readout, inverse, cells, cellOf, mask }: PartInputs<tf.Tensor>,
  { shape: { batch, time, rows, response }, lora, withGradients, recompute = false }: OutputsOptions,
): TokenOutputs {
  const { hidden } = forwardTokens(model, weights, sequence, { batch, time, lora, past: [], recompute });
  const read = gatherRows(hidden, readout.places as tf.Tensor1D, inverse as tf.Tensor1D); // [count, hidden]
  const normed = model.family.finalNorm(model.config, weights.parameters.outer, read);
  const cooled: tf.Tensor2D = tf.mul(normed, readout.inverseTemperature); // as dividing the logits, at a fraction of the work
  const head = tracedHead(model, weights, readout.inverseTemperature);
  const { logProbs, entropy } = tokenStatistics(cooled, head, readout.targets as tf.Tensor1D, withGradients);
  const laidOut = <T extends tf.Tensor>(x: T): T => gatherRows(x, cells as tf.Tensor1D, cellOf as tf.Tensor1D);
  const rectangle = (x: tf.Tensor1D): tf.Tensor2D => tf.mul(tf.reshape(laidOut(x), [rows, response]), mask);
  return {
    logProbs: rectangle(logProbs),
    entropy: rectangle(entropy),
    hidden: tf.reshape(laidOut(normed), [rows, response, model.config.hiddenSize]),
  };
}
