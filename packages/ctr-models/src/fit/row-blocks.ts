import { flattenTree, unflattenTree, valueAndGrad } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { ParameterTree } from '../backbones/backbone.js';
import type { OtherInputs, RowInputs } from '../model/batch.js';

/** What a step's gradients are wanted for. */
export interface Trained {
  /** The backbone's parameters. */
  readonly params: ParameterTree;
  /** The gathered table rows. */
  readonly rows: RowInputs<tf.Tensor>;
}

/** The inputs of a step besides. `T` are those that have a line for each row and nothing else: masks, labels, weights. */
export interface BlockInputs<T> {
  /** Numbers, vectors and events. */
  readonly others: OtherInputs<tf.Tensor>;
  /** Trees of tensors [batch, …]. */
  readonly perRow: T;
}

/** The sum of a loss over rows, and its gradients. */
export interface LossAndGrads {
  /** A scalar. */
  readonly value: tf.Scalar;
  /** Shaped as what they are wanted for. */
  readonly grads: Trained;
}

/**
 * The most rows whose hidden units are computed at once. What a batch of 4096 takes goes through memory from one operation to the next, and
 * its products wait for that; of 2048 rows more stays in a processor's caches, which saves a tenth of a step's processor time. Smaller blocks
 * save more on one thread (1024: a fifth), and lose it again where threads that share each operation have to wait for one another.
 */
export const BLOCK_ROWS = 2048;

/**
 * A loss that is a sum over the rows of a batch, and its gradients, computed for one block of rows after the other, forward and backward.
 * The results are those of the whole batch but for the order of float32 additions.
 */
export function lossInBlocks<T extends object>(
  loss: (trained: Trained, inputs: BlockInputs<T>) => tf.Scalar,
  size: number,
  most = BLOCK_ROWS,
): (trained: Trained, inputs: BlockInputs<T>) => LossAndGrads {
  const whole: (trained: Trained, inputs: BlockInputs<T>) => LossAndGrads = valueAndGrad<Trained, [BlockInputs<T>]>(loss);
  const count = Math.ceil(size / most);
  if (count === 1) return whole;
  const lines = Math.ceil(size / count);
  const sizes = Array.from({ length: count }, (_, block) => Math.min(lines, size - block * lines));
  const split = (x: tf.Tensor): tf.Tensor[] => tf.split(x, sizes);
  const splitTree = <Tree extends object>(tree: Tree): Tree[] => {
    const leaves = flattenTree<tf.Tensor>(tree).map(split);
    return sizes.map(
      (_, block) =>
        unflattenTree<unknown>(
          tree,
          leaves.map((parts) => parts[block]!),
        ) as Tree,
    );
  };

  return ({ params, rows: { tables, ...rows } }, { others: { events, ...others }, perRow }) => {
    const parts = splitTree({ rows, others, perRow });
    const eventParts = events === undefined ? undefined : splitEvents(events, split, count);
    const results = parts.map((part, block) =>
      whole(
        { params, rows: { ...part.rows, ...(tables === undefined ? {} : { tables }) } },
        { others: { ...part.others, ...(eventParts === undefined ? {} : { events: eventParts[block]! }) }, perRow: part.perRow },
      ),
    );
    const grads = results.map((result) => result.grads);
    return {
      value: results.map(({ value }) => value).reduce((a, b) => tf.add(a, b)),
      grads: {
        params: sumOfTrees(grads.map((each) => each.params)),
        rows: {
          ...joined(
            grads.map(({ rows: { embeddings, firstOrder } }) => ({ ...(embeddings === undefined ? {} : { embeddings }), firstOrder })),
          ),
          ...(tables === undefined ? {} : { tables: sumOfTrees(grads.map((each) => each.rows.tables!)) }),
        },
      },
    };
  };
}

type Events = NonNullable<OtherInputs<tf.Tensor>['events']>;

/** Sets of values belong to no row: every block has all of them. */
function splitEvents(events: Events, split: (x: tf.Tensor) => tf.Tensor[], count: number): Events[] {
  const parts = Object.entries(events).flatMap(([feature, fields]) =>
    Object.entries(fields).map(([field, { at, bags }]) => ({ feature, field, at: split(at), bags })),
  );
  return Array.from({ length: count }, (_, block) => {
    const made: Record<string, Record<string, Events[string][string]>> = {};
    for (const { feature, field, at, bags } of parts) {
      (made[feature] ??= {})[field] = { at: at[block]!, ...(bags === undefined ? {} : { bags }) };
    }
    return made;
  });
}

function sumOfTrees<Tree>(trees: readonly Tree[]): Tree {
  return merged(trees, (parts) => parts.reduce((a, b) => tf.add(a, b)));
}

function joined<Tree>(trees: readonly Tree[]): Tree {
  return merged(trees, (parts) => tf.concat(parts, 0));
}

function merged<Tree>(trees: readonly Tree[], join: (parts: tf.Tensor[]) => tf.Tensor): Tree {
  const leaves = trees.map((tree) => flattenTree<tf.Tensor>(tree as object));
  return unflattenTree<unknown>(
    trees[0],
    leaves[0]!.map((_, k) => join(leaves.map((of) => of[k]!))),
  ) as Tree;
}
