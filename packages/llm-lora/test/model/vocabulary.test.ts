import * as tf from '@tensorflow/tfjs';
import { createRng } from '@expctr/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { gatherRows } from '../../src/model/gather-rows.js';
import { tokenStatistics } from '../../src/model/vocabulary.js';
import { largestDifference, useBackend } from './oracle.js';

const [rows, width, vocabulary] = [7, 5, 23];
const rng = createRng(1);
const random = (count: number, size: number): Float32Array => Float32Array.from({ length: count }, () => size * rng.normal());
const hiddenValues = random(rows * width, 2);
const headValues = random(vocabulary * width, 2);
const tokens = Int32Array.from({ length: rows }, () => rng.int(vocabulary));
const weights = { logProb: random(rows, 1), entropy: random(rows, 1) };

beforeAll(() => useBackend('cpu'));

/** Value and gradient of a weighted sum of both statistics. */
function evaluate(statistics: (hidden: tf.Tensor2D, head: tf.Tensor2D) => { logProbs: tf.Tensor; entropy: tf.Tensor }): number[] {
  return tf.tidy(() => {
    const head = tf.tensor2d(headValues, [vocabulary, width]);
    const loss = (hidden: tf.Tensor): tf.Scalar => {
      const { logProbs, entropy } = statistics(hidden as tf.Tensor2D, head);
      return tf
        .add(tf.sum(tf.mul(logProbs, tf.tensor1d(weights.logProb))), tf.sum(tf.mul(entropy, tf.tensor1d(weights.entropy))))
        .asScalar();
    };
    const { value, grad } = tf.valueAndGrad(loss)(tf.tensor2d(hiddenValues, [rows, width]));
    return [...value.dataSync(), ...grad.dataSync()];
  });
}

describe('log-probabilities and entropies by parts of the vocabulary', () => {
  const plain = (hidden: tf.Tensor2D, head: tf.Tensor2D, cap?: number): { logProbs: tf.Tensor; entropy: tf.Tensor } => {
    const logits = tf.matMul(hidden, head, false, true);
    const logProbs = tf.logSoftmax(cap === undefined ? logits : tf.mul(tf.tanh(tf.div(logits, cap)), cap));
    const oneHot = tf.oneHot(tf.tensor1d(tokens, 'int32'), vocabulary);
    return { logProbs: tf.sum(tf.mul(logProbs, oneHot), 1), entropy: tf.neg(tf.sum(tf.mul(tf.exp(logProbs), logProbs), 1)) };
  };

  const inParts = (part: number, cap: number | null): number[] =>
    evaluate((hidden, matrix) => {
      const sizes = Array.from({ length: Math.ceil(vocabulary / part) }, (_, i) => Math.min(part, vocabulary - i * part));
      const head = { matrix, parts: tf.split(matrix, sizes), cap: cap === null ? null : tf.scalar(cap) };
      return tokenStatistics(hidden, head, tf.tensor1d(tokens, 'int32'), true);
    });

  test.each([1, 4, 22, 23])('values and gradients are those of the whole vocabulary at once, in parts of %i', (part) => {
    expect(largestDifference(inParts(part, null), evaluate(plain))).toBeLessThan(5e-5);
  });

  test.each([4, 23])('capped logits have the values and gradients of cap tanh(z / cap), in parts of %i', (part) => {
    const capped = evaluate((hidden, head) => plain(hidden, head, 6));
    expect(largestDifference(inParts(part, 6), capped)).toBeLessThan(5e-5);
    expect(largestDifference(capped, evaluate(plain))).toBeGreaterThan(0.1);
  });

  test('logits far apart neither overflow nor lose the normalizer', () => {
    tf.tidy(() => {
      const hidden = tf.tensor2d([
        [100, 0],
        [0, -90],
      ]);
      const matrix = tf.tensor2d([
        [1, 1],
        [-1, 1],
        [0, -1],
      ]);
      const { logProbs, entropy } = tokenStatistics(
        hidden,
        { matrix, parts: tf.split(matrix, 3), cap: null },
        tf.tensor1d([1, 2], 'int32'),
        false,
      );
      expect(Array.from(logProbs.dataSync())).toEqual([-200, 0]);
      entropy.dataSync().forEach((value) => expect(value).toBeCloseTo(0, 4));
    });
  });
});

test('gathered rows send their gradient back to where they came from, and padding sends none', () => {
  tf.tidy(() => {
    const x = tf.tensor2d([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]);
    const index = tf.tensor1d([3, 1, 0], 'int32'); // the last one is padding
    const inverse = tf.tensor1d([3, 1, 3, 0], 'int32');
    const weight = tf.tensor2d([
      [1, 10],
      [100, 1000],
      [5, 5],
    ]);
    const { value, grad } = tf.valueAndGrad((input) => tf.sum(tf.mul(gatherRows(input as tf.Tensor2D, index, inverse), weight)))(x);
    expect(value.dataSync()[0]).toBe(7 + 80 + 300 + 4000 + 5 + 10);
    expect(grad.arraySync()).toEqual([
      [0, 0],
      [100, 1000],
      [0, 0],
      [1, 10],
    ]);
  });
});
