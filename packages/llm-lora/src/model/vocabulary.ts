import * as tf from '@tensorflow/tfjs';

/** The output head while a function is traced. */
export interface TracedHead {
  /** [vocabulary, hidden]; only the rows of given tokens are read from it. */
  readonly matrix: tf.Tensor;
  /** The same rows as consecutive parts, [part, hidden] each: what meets the hidden states at a time. */
  readonly parts: readonly tf.Tensor[];
}

/** What {@link tokenStatistics} gives for each row. */
export interface TokenStatistics {
  /** [rows], nats */
  readonly logProbs: tf.Tensor1D;
  /** [rows], nats */
  readonly entropy: tf.Tensor1D;
}

/**
 * Log-probability of one token a row and the entropy of its distribution, without [rows, vocabulary] ever being there for
 * more than one part of the vocabulary: the normalizer is accumulated part by part (Milakov and Gimelshein 2018).
 *
 * Gradients with respect to `hidden`: of logProbs it is head[token] - sum_j p_j head[j], whose second term is accumulated in
 * the same pass, so nothing is kept or recomputed; of entropy it is -sum_j p_j (z_j - E[z]) head[j], for which each part of
 * the logits z is computed again in the backward pass, only where a loss uses it.
 *
 * @param hidden [rows, hidden], after the final norm and divided by the temperature
 * @param tokens [rows] int32
 * @param withGradients false leaves out what only a gradient needs
 */
export function tokenStatistics(hidden: tf.Tensor2D, head: TracedHead, tokens: tf.Tensor1D, withGradients: boolean): TokenStatistics {
  const [rows, size] = hidden.shape;
  const packed = withoutGradient((x) => accumulate(x, head.parts, withGradients), hidden); // [rows, 2 or 2 + hidden]
  const column = (at: number): tf.Tensor1D => tf.reshape(tf.slice(packed, [0, at], [rows, 1]), [rows]);
  const [normalizer, meanLogit] = [column(0), column(1)];
  const chosen = tf.gather(head.matrix, tokens); // [rows, hidden]

  // what a gradient needs is saved: other tensors of the forward pass are gone by then
  const logProbs = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    save(withGradients ? [chosen, tf.slice(packed, [0, 2], [rows, size])] : []);
    const gradFunc = (dy: tf.Tensor, [own, expected]: tf.Tensor[]): tf.Tensor => tf.mul(tf.sub(own!, expected!), tf.expandDims(dy, 1));
    return { value: tf.sub(tf.sum(tf.mul(x, chosen), 1), normalizer), gradFunc };
  });
  const entropy = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    save(withGradients ? [x, normalizer, meanLogit] : []);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor =>
      entropyGradient(saved as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D], head.parts, dy);
    return { value: tf.sub(normalizer, meanLogit), gradFunc };
  });
  return { logProbs: logProbs(hidden) as tf.Tensor1D, entropy: entropy(hidden) as tf.Tensor1D };
}

/** log sum_j exp(z_j), E[z] and, where asked for, E[head[j]], side by side: [rows, 2 or 2 + hidden]. */
function accumulate(hidden: tf.Tensor2D, parts: readonly tf.Tensor[], withExpectation: boolean): tf.Tensor2D {
  let total: tf.Tensor2D | undefined;
  for (const part of parts) {
    total = tf.tidy(() => {
      const here = partStatistics(hidden, part, withExpectation);
      return total === undefined ? here : merge(total, here);
    });
  }
  if (total === undefined) throw new RangeError('tokenStatistics: the head has no parts');
  return total;
}

/** {@link accumulate} for one part alone. */
function partStatistics(hidden: tf.Tensor2D, part: tf.Tensor, withExpectation: boolean): tf.Tensor2D {
  const logits = tf.matMul(hidden, part as tf.Tensor2D, false, true); // [rows, part]
  const p = tf.softmax(logits); // one kernel that stays in cache, where max, exp and sum would be three passes
  // the largest logit has exp(0) = 1, so its share is 1 / sum and log sum exp = max - log(largest share)
  const normalizer: tf.Tensor2D = tf.sub(tf.max(logits, 1, true), tf.log(tf.max(p, 1, true))); // [rows, 1]
  const meanLogit = tf.sum<tf.Tensor2D>(tf.mul(p, logits), 1, true); // [rows, 1]
  return tf.concat2d(withExpectation ? [normalizer, meanLogit, tf.matMul(p, part as tf.Tensor2D)] : [normalizer, meanLogit], 1);
}

/** The statistics of two disjoint parts of the vocabulary together. */
function merge(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const [rows, width] = a.shape;
  const [normalizerA, normalizerB] = [tf.slice(a, [0, 0], [rows, 1]), tf.slice(b, [0, 0], [rows, 1])];
  const highest = tf.maximum(normalizerA, normalizerB);
  const sum = tf.add(tf.exp(tf.sub(normalizerA, highest)), tf.exp(tf.sub(normalizerB, highest)));
  const normalizer: tf.Tensor2D = tf.add(highest, tf.log(sum)); // [rows, 1]
  const weighted = (stats: tf.Tensor2D, own: tf.Tensor): tf.Tensor2D =>
    tf.mul(tf.slice(stats, [0, 1], [rows, width - 1]), tf.exp(tf.sub(own, normalizer))); // expectations, weighted by the part's share
  return tf.concat2d([normalizer, tf.add(weighted(a, normalizerA), weighted(b, normalizerB))], 1);
}

function entropyGradient(
  [hidden, normalizer, meanLogit]: [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D],
  parts: readonly tf.Tensor[],
  dy: tf.Tensor,
): tf.Tensor2D {
  const column = (x: tf.Tensor): tf.Tensor => tf.expandDims(x, 1);
  // tied to dy, so that no pass that merges equal computations keeps the forward pass's logits for this one
  const again = tf.add(hidden, tf.mul(column(dy), 0));
  return parts
    .map((part) =>
      tf.tidy(() => {
        const logits = tf.matMul(again as tf.Tensor2D, part as tf.Tensor2D, false, true); // [rows, part]
        const p = tf.exp(tf.sub(logits, column(normalizer)));
        const slope = tf.mul(tf.mul(p, tf.sub(column(meanLogit), logits)), column(dy)); // dy dH / dz
        return tf.matMul<tf.Tensor2D>(slope as tf.Tensor2D, part as tf.Tensor2D); // [rows, hidden]
      }),
    )
    .reduce((sum, each): tf.Tensor2D => tf.add(sum, each));
}

/** `f(x)` as a constant for the gradient; what `f` makes on the way is freed. */
function withoutGradient(f: (x: tf.Tensor2D) => tf.Tensor2D, x: tf.Tensor2D): tf.Tensor2D {
  const constant = tf.customGrad((input) => ({
    value: f(input as tf.Tensor2D),
    gradFunc: (): tf.Tensor => tf.zerosLike(input as tf.Tensor),
  }));
  return constant(x) as tf.Tensor2D;
}
