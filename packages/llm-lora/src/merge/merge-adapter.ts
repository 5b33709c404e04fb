import { namedTensors, type NamedTensor } from '../families/layout.js';
import type { Adapter } from '../formats/adapter.js';
import type { Checkpoint } from '../formats/checkpoint.js';
import { FormatError } from '../formats/errors.js';
import type { FloatTensor, StoredTensor } from '../formats/host-tensor.js';
import type { DecoderConfig } from '../model/config.js';
import { hostMatrixOf } from '../model/host-matrix.js';
import { adaptedTensors, type AdaptedTensor } from './adapted-tensors.js';
import { mergedMatrix, plainMatrix } from './merge-matrix.js';

/** A tensor of a merged model, made when it is asked for. */
export interface MergedTensor {
  /** Its names, and its shape in memory. */
  readonly tensor: NamedTensor;
  /** Its values: those of the base model where the adapter is not on it. */
  readonly make: () => FloatTensor;
}

/**
 * A model with an adapter folded into its matrices, W + scale B A, in float32: each number is rounded once, to the nearest. Matrices without
 * a factor are shared with the model that is given, which stays as it is; of one that is kept small all are expanded, and what is merged are
 * the numbers that it multiplies by.
 * @throws FormatError `ADAPTER_UNKNOWN_MODULE`, `ADAPTER_WRONG_SHAPE` where the adapter does not fit
 */
export function mergeAdapter<C extends DecoderConfig>(checkpoint: Checkpoint<C, StoredTensor>, adapter: Adapter): Checkpoint<C> {
  const tensors = new Map(mergedTensors(checkpoint, adapter).map(({ tensor, make }) => [tensor.name, make()]));
  return { ...checkpoint, tensors };
}

/**
 * The inverse of {@link mergeAdapter} for a model in memory: W - scale B A. What merging rounded away does not come back: a number
 * differs from what it was by a unit in the last place of the larger of the two. The model that was merged, where it is still there, is exact.
 * @throws FormatError `ADAPTER_UNSUPPORTED` for an adapter with magnitudes: the lengths that it divided by are gone
 */
export function unmergeAdapter<C extends DecoderConfig>(checkpoint: Checkpoint<C, StoredTensor>, adapter: Adapter): Checkpoint<C> {
  if (adapter.config.weightDecomposed === true) {
    throw new FormatError('ADAPTER_UNSUPPORTED', 'an adapter with use_dora cannot be taken out of merged weights', {
      where: checkpoint.source,
      expected: 'an adapter without magnitudes: what they divided the rows by is not in the merged weights',
      remedy: 'load the base model again',
    });
  }
  const opposite = new Map(
    [...adapter.tensors].map(([module, { a, b }]) => [module, { a, b: { ...b, data: b.data.map((value) => -value) } }] as const),
  );
  return mergeAdapter(checkpoint, { config: adapter.config, tensors: opposite });
}

/**
 * The tensors of a merged model, in the order of its blocks; each is made when it is asked for.
 * @param adapter null for the base model as it is
 */
export function mergedTensors(
  { family, config, tensors, source }: Checkpoint<DecoderConfig, StoredTensor>,
  adapter: Adapter | null,
  where = 'adapter',
): MergedTensor[] {
  const adapted = adapter === null ? new Map<string, AdaptedTensor>() : adaptedTensors(adapter, { family, config }, source, where);
  return namedTensors(family.layout(config), config.layers).map((tensor) => {
    const stored = tensors.get(tensor.name);
    if (stored === undefined) {
      throw new FormatError('CHECKPOINT_MISSING_TENSOR', `the checkpoint has no tensor ${tensor.name}`, {
        where: source,
        expected: 'all tensors of its model family',
        remedy: 'load it with loadCheckpoint, or add the tensor under this name',
      });
    }
    const factors = adapted.get(tensor.name);
    return { tensor, make: () => valuesOf(tensor, stored, factors) };
  });
}

function valuesOf({ shape }: NamedTensor, stored: StoredTensor, factors: AdaptedTensor | undefined): FloatTensor {
  if (factors === undefined && 'data' in stored) return stored;
  const matrix = hostMatrixOf(stored, shape[1]!);
  return factors === undefined ? plainMatrix(matrix) : mergedMatrix(matrix, factors);
}
