import { spec, type HostArray, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import type { PositionTree } from '../model/positions.js';
import type { ModelWeights } from '../model/weights.js';
import { packedMask, type PackedArrays } from './packing.js';

/** The tokens of a run, packed and padded; `L` is a tensor, a spec or a host array. */
export type SequenceInputs<L> = {
  /** [batch * time] int32 */
  readonly tokens: L;
  /** What the family takes of positions, for 1 or batch rows of them. */
  readonly positions: PositionTree<L>;
  /** [1 or batch, 1, time, time], added to attention scores */
  readonly mask: L;
};

/** Which hidden states are read, and for which tokens. */
export type ReadoutInputs<L> = {
  /** [count] int32: places in [0, batch * time) whose hidden states are read; 0 on padding */
  readonly places: L;
  /** [count] int32: the token whose log-probability is asked for there */
  readonly targets: L;
  /** [] float32: 1 / temperature */
  readonly inverseTemperature: L;
};

/** Specs of {@link SequenceInputs}. @param masks 1 where all sequences share one mask, else the batch */
export function sequenceSpecs({ family, config }: ModelWeights, batch: number, time: number, masks = batch): SequenceInputs<TensorSpec> {
  return {
    tokens: spec([batch * time], 'int32'),
    positions: family.positions.specs(config, masks, time),
    mask: spec([masks, 1, time, time]),
  };
}

/** {@link SequenceInputs} of packed texts. */
export function sequenceInputs(
  { family, config }: ModelWeights,
  { tokens, positions, segments }: PackedArrays,
  batch: number,
  time: number,
): SequenceInputs<HostArray> {
  return { tokens, positions: family.positions.values(config, positions), mask: packedMask(segments, batch, time) };
}

/** Specs of {@link ReadoutInputs}. */
export function readoutSpecs(count: number): ReadoutInputs<TensorSpec> {
  return { places: spec([count], 'int32'), targets: spec([count], 'int32'), inverseTemperature: spec([]) };
}
