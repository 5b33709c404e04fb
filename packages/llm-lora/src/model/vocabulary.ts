import { barrier, flattenTree, unflattenTree, type Activations } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { product, type Matrix } from './linear.js';
import { tableRows, tableSums } from './table.js';

/** The output head while a function is traced. */
export interface TracedHead {
  /** [vocabulary, hidden]; only the rows of given tokens are read from it. */
  readonly matrix: Matrix<tf.Tensor>;
  /** The same rows as consecutive parts, [part, hidden] each: what meets the hidden states at a time. */
  readonly parts: readonly Matrix<tf.Tensor>[];
  /** []: logits u become z = cap tanh(u / cap) (Gemma 2, Rivière et al. 2024), at the temperature of the hidden states; null: z = u. */
  readonly cap: tf.Tensor | null;
}

/** Logits of some entries of the vocabulary. @param part [part, hidden] @returns [rows, part] */
export function headLogits(
  hidden: tf.Tensor2D,
  part: Matrix<tf.Tensor>,
  cap: tf.Tensor | null,
  activations: Activations = 'float32',
): tf.Tensor2D {
  return capped(product(hidden, part, activations), cap);
}

function capped<T extends tf.Tensor>(logits: T, cap: tf.Tensor | null): T {
  return cap === null ? logits : tf.mul(tf.tanh(tf.div(logits, cap)), cap);
}

/** What a gradient with respect to capped logits is multiplied by: dz / du = 1 - (z / cap)^2. */
function throughCap<T extends tf.Tensor>(gradient: T, z: tf.Tensor, cap: tf.Tensor | null): T {
  return cap === null ? gradient : tf.mul(gradient, tf.sub(1, tf.square(tf.div(z, cap))));
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
 * the logits z is computed again in the backward pass, only where a loss uses it. Where logits are capped, each head[j] comes
 * with dz_j / du_j.
 *
 * @param hidden [rows, hidden], after the final norm and divided by the temperature
 * @param tokens [rows] int32
 * @param withGradients false leaves out what only a gradient needs
 */
export function tokenStatistics(hidden: tf.Tensor2D, head: TracedHead, tokens: tf.Tensor1D, withGradients: boolean): TokenStatistics {
  const [rows, size] = hidden.shape;
  const packed = withoutGradient((x) => accumulate(x, head, withGradients), hidden); // [rows, 2 or 2 + hidden]
  const column = (at: number): tf.Tensor1D => tf.reshape(tf.slice(packed, [0, at], [rows, 1]), [rows]);
  const [normalizer, meanLogit] = [column(0), column(1)];
  const chosen = tableRows(head.matrix, tokens); // [rows, hidden]

  // what a gradient needs is saved: other tensors of the forward pass are gone by then
  const logProbs = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    const chosenLogit = capped(tf.sum<tf.Tensor1D>(tf.mul(x, chosen), 1), head.cap); // [rows]
    const own = throughCap(chosen, tf.expandDims(chosenLogit, 1), head.cap);
    save(withGradients ? [own, tf.slice(packed, [0, 2], [rows, size])] : []);
    const gradFunc = (dy: tf.Tensor, [given, expected]: tf.Tensor[]): tf.Tensor => tf.mul(tf.sub(given!, expected!), tf.expandDims(dy, 1));
    return { value: tf.sub(chosenLogit, normalizer), gradFunc };
  });
  const entropy = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    save(withGradients ? [x, normalizer, meanLogit, ...(head.cap === null ? [] : [head.cap]), ...flattenTree<tf.Tensor>(head.parts)] : []);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => entropyGradient(saved, head, dy);
    return { value: tf.sub(normalizer, meanLogit), gradFunc };
  });
  return { logProbs: logProbs(hidden) as tf.Tensor1D, entropy: entropy(hidden) as tf.Tensor1D };
}

/** log sum_j exp(z_j), E[z] and, where asked for, E[head[j]], side by side: [rows, 2 or 2 + hidden]. */
function accumulate(hidden: tf.Tensor2D, { parts, cap }: TracedHead, withExpectation: boolean): tf.Tensor2D {
  const sums = parts.reduce<tf.Tensor2D | null>(
    (before, part) =>
      tf.tidy(() => {
        const here = partSums(hidden, part, cap, withExpectation);
        return before === null ? here : merge(before, here);
      }),
    null,
  )!; // a vocabulary has at least one entry
  const { highest, mass, weighted } = columnsOf(sums);
  return tf.concat2d([tf.add(highest, tf.log(mass)), tf.div(weighted, mass)], 1);
}

/**
 * For one part of the vocabulary, the highest logit m and the sums of exp(z - m), exp(z - m) z and exp(z - m) head:
 * [rows, 3 or 3 + hidden]. Sums relative to the highest logit lose nothing when parts are merged.
 */
function partSums(hidden: tf.Tensor2D, part: Matrix<tf.Tensor>, cap: tf.Tensor | null, withExpectation: boolean): tf.Tensor2D {
  const logits = headLogits(hidden, part, cap); // [rows, part]
  const p = tf.softmax(logits); // one kernel that stays in cache, where max, exp and sum would be three passes
  const mass: tf.Tensor2D = tf.div(1, tf.max(p, 1, true)); // the highest logit has exp(0) = 1, so its share is 1 / sum
  const meanLogit = tf.sum<tf.Tensor2D>(tf.mul(p, logits), 1, true); // [rows, 1]
  const means = withExpectation ? tf.concat2d([meanLogit, tableSums(throughCap(p, logits, cap), part, hidden.shape[1])], 1) : meanLogit;
  return tf.concat2d([tf.max<tf.Tensor2D>(logits, 1, true), mass, tf.mul(means, mass)], 1);
}

/** The sums of two disjoint parts of the vocabulary together. */
function merge(first: tf.Tensor2D, second: tf.Tensor2D): tf.Tensor2D {
  const [a, b] = [columnsOf(first), columnsOf(second)];
  const highest: tf.Tensor2D = tf.maximum(a.highest, b.highest);
  const [scaleA, scaleB] = [tf.exp(tf.sub(a.highest, highest)), tf.exp(tf.sub(b.highest, highest))];
  const together = (x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor2D => tf.add(tf.mul(x, scaleA), tf.mul(y, scaleB));
  return tf.concat2d([highest, together(a.mass, b.mass), together(a.weighted, b.weighted)], 1);
}

function columnsOf(sums: tf.Tensor2D): { highest: tf.Tensor2D; mass: tf.Tensor2D; weighted: tf.Tensor2D } {
  const [highest, mass, weighted] = tf.split(sums, [1, 1, sums.shape[1] - 2], 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  return { highest, mass, weighted };
}

function entropyGradient([hidden, normalizer, meanLogit, ...rest]: tf.Tensor[], head: TracedHead, dy: tf.Tensor): tf.Tensor2D {
  const [cap, leaves] = head.cap === null ? [null, rest] : [rest[0]!, rest.slice(1)];
  // behind dy, as the hidden states below: values of parts that are stored small would be kept from the forward pass, too
  const parts = unflattenTree(head.parts, head.parts.every((part) => part instanceof tf.Tensor) ? leaves : barrier(leaves, [dy]));
  const column = (x: tf.Tensor): tf.Tensor => tf.expandDims(x, 1);
  // tied to dy, so that no pass that merges equal computations keeps the forward pass's logits for this one
  const again: tf.Tensor2D = tf.add(hidden!, tf.mul(column(dy), 0));
  return parts
    .map((part) =>
      tf.tidy(() => {
        const logits = headLogits(again, part, cap); // [rows, part]
        const p = tf.exp(tf.sub(logits, column(normalizer!)));
        const slope: tf.Tensor2D = tf.mul(tf.mul(p, tf.sub(column(meanLogit!), logits)), column(dy)); // dy dH / dz
        return tableSums(throughCap(slope, logits, cap), part, again.shape[1]); // [rows, hidden]
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
  return constant(x);
}
