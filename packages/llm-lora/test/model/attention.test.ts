import { createRng } from '@expctr/core';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { attend } from '../../src/model/attention.js';
import { packedMask } from '../../src/policy/packing.js';

beforeAll(() => useOnnx());

const SIZES = { heads: 2, keyValueHeads: 1, headDim: 4, queryScale: 0.5 };
const rng = createRng('attention');
const normal = (...shape: number[]): tf.Tensor =>
  tf.tensor(
    Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.normal()),
    shape,
  );

/** The largest difference; NaN where there is one. */
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

/** What each row sees, one score after the other. */
function reference(
  query: tf.Tensor,
  key: tf.Tensor,
  value: tf.Tensor,
  time: number,
  sees: (row: number, column: number) => boolean,
  softCap: number | null,
): number[] {
  const [q, k, v] = [query.dataSync(), key.dataSync(), value.dataSync()];
  const { heads, headDim } = SIZES;
  const mixed: number[] = [];
  for (let row = 0; row < q.length / (heads * headDim); row += 1) {
    const first = row - (row % time);
    const columns = Array.from({ length: time }, (_, at) => first + at).filter((column) => sees(row, column));
    for (let head = 0; head < heads; head += 1) {
      const scores = columns.map((column) => {
        let score = 0;
        for (let i = 0; i < headDim; i += 1) score += q[(row * heads + head) * headDim + i]! * k[column * headDim + i]!;
        return Math.exp(softCap === null ? score : softCap * Math.tanh(score / softCap));
      });
      const total = scores.reduce((a, b) => a + b);
      for (let i = 0; i < headDim; i += 1)
        mixed.push(columns.reduce((sum, column, at) => sum + (scores[at]! / total) * v[column * headDim + i]!, 0));
    }
  }
  return mixed;
}

test.each([
  { time: 9, softCap: null, size: null },
  { time: 143, softCap: null, size: null }, // the longest in one block
  { time: 144, softCap: 2, size: null },
  { time: 301, softCap: null, size: null }, // blocks of two sizes
  { time: 217, softCap: null, size: 20 },
])('rows in blocks see what rows at once would: $time tokens, soft cap $softCap, window $size', ({ time, softCap, size }) => {
  const batch = 2;
  // a shared beginning, two continuations, padding; and one text alone
  const segments = new Int32Array(batch * time).fill(0);
  for (let at = 0; at < time; at += 1) segments[at] = at < time / 2 ? 0 : at < 0.8 * time ? 1 : at < 0.95 * time ? 2 : -1;
  const places = Int32Array.from({ length: batch * time }, (_, at) =>
    segments[at] === 2 ? (at % time) - Math.ceil(0.8 * time) + Math.ceil(time / 2) : at % time,
  );
  const sees = (row: number, column: number): boolean =>
    column <= row &&
    (segments[column] === 0 || segments[column] === segments[row]) &&
    (size === null || places[row]! - places[column]! < size);
  const [query, key, value] = [normal(batch * time, 8), normal(batch * time, 4), normal(batch * time, 4)] as tf.Tensor2D[];
  const mask = tf.tensor(packedMask(segments, batch, time), [batch, 1, time, time]);
  const window = size === null ? null : { size, places: tf.tensor(Float32Array.from(places), [batch, 1, time, 1]) };
  const { mixed } = attend(SIZES, query!, key!, value!, { batch, time, positions: {}, mask, pastMask: null }, null, null, {
    softCap,
    window,
  });
  const wanted = reference(query!, key!, value!, time, sees, softCap);
  const got = mixed.dataSync();
  const asked = (values: ArrayLike<number>): number[] => Array.from(values).filter((_, i) => segments[Math.floor(i / 8)] !== -1); // nothing is asked of padding
  expect(distance(asked(got), asked(wanted))).toBeLessThan(1e-5);
});

test('tokens behind a known beginning see it from every block', () => {
  const [known, time] = [7, 150];
  const whole = known + time;
  const [query, key, value] = [normal(whole, 8), normal(whole, 4), normal(whole, 4)] as tf.Tensor2D[];
  const context = (length: number): Parameters<typeof attend>[4] => ({
    batch: 1,
    time: length,
    positions: {},
    mask: tf.tensor(packedMask(new Int32Array(length), 1, length), [1, 1, length, length]),
    pastMask: null,
  });
  const { mixed, keys, values } = attend(SIZES, query!, key!, value!, context(whole), null, null);
  const past = { keys: tf.slice(keys, [0, 0, 0, 0], [1, 1, known, 4]), values: tf.slice(values, [0, 0, 0, 0], [1, 1, known, 4]) };
  const rest = (x: tf.Tensor2D | undefined): tf.Tensor2D => tf.slice(x!, [known, 0], [time, -1]);
  const after = attend(SIZES, rest(query), rest(key), rest(value), context(time), null, past).mixed.dataSync();
  expect(distance(after, mixed.dataSync().slice(8 * known))).toBeLessThan(1e-5);
});

test.each([
  { heads: 2, softCap: null, size: null },
  { heads: 3, softCap: 2, size: 4 }, // heads one by one
  { heads: 8, softCap: null, size: 4 }, // all heads of a group at once
])('one token behind a known beginning: $heads heads, soft cap $softCap, window $size', ({ heads, softCap, size }) => {
  const [batch, known, headDim] = [2, 6, 4];
  const sizes = { ...SIZES, heads };
  const whole = known + 1;
  const [query, key, value] = [normal(whole, heads * headDim), normal(whole, headDim), normal(whole, headDim)] as tf.Tensor2D[];
  const windowOf = (places: number[], rows: number) =>
    size === null ? null : { size, places: tf.tensor(Float32Array.from(places), [1, 1, rows, 1]) };
  const mask = tf.tensor(packedMask(new Int32Array(whole), 1, whole), [1, 1, whole, whole]);
  const all = attend(sizes, query!, key!, value!, { batch: 1, time: whole, positions: {}, mask, pastMask: null }, null, null, {
    softCap,
    window: windowOf([0, 1, 2, 3, 4, 5, 6], whole),
  });
  const beginning = (x: tf.Tensor4D): tf.Tensor => tf.slice(x, [0, 0, 0, 0], [1, 1, known, headDim]);
  const last = (x: tf.Tensor2D | undefined): tf.Tensor2D => tf.tile(tf.slice(x!, [known, 0], [1, -1]), [batch, 1]);
  const past = { keys: beginning(all.keys), values: beginning(all.values) }; // of all sequences
  const one = attend(
    sizes,
    last(query),
    last(key),
    last(value),
    { batch, time: 1, positions: {}, mask: null, pastMask: null },
    null,
    past,
    {
      softCap,
      window: windowOf([known], 1),
    },
  );
  const wanted = all.mixed.dataSync().slice(known * heads * headDim);
  expect(distance(one.mixed.dataSync(), [...wanted, ...wanted])).toBeLessThan(1e-5);
});

test('gradients through blocks are those of rows at once', () => {
  const time = 150;
  const inputs = [normal(time, 8), normal(time, 4), normal(time, 4)] as tf.Tensor2D[];
  const weight = normal(time, 8);
  const causal = tf.tensor(packedMask(new Int32Array(time), 1, time), [1, 1, time, time]);
  const inBlocks = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor): tf.Tensor =>
    tf.sum(
      tf.mul(
        weight,
        attend(
          SIZES,
          q as tf.Tensor2D,
          k as tf.Tensor2D,
          v as tf.Tensor2D,
          { batch: 1, time, positions: {}, mask: causal, pastMask: null },
          null,
          null,
        ).mixed,
      ),
    );
  const atOnce = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor): tf.Tensor => {
    const heads = tf.transpose(tf.reshape(q, [time, 2, 4]), [1, 0, 2]);
    const scores = tf.add(
      tf.matMul(heads, tf.tile(tf.reshape(k, [1, time, 4]), [2, 1, 1]), false, true),
      tf.reshape(causal, [1, time, time]),
    );
    const mixed = tf.matMul(tf.softmax(scores), tf.tile(tf.reshape(v, [1, time, 4]), [2, 1, 1]));
    return tf.sum(tf.mul(weight, tf.reshape(tf.transpose(mixed, [1, 0, 2]), [time, 8])));
  };
  const [got, wanted] = [inBlocks, atOnce].map((f) => tf.grads(f)(inputs));
  got!.forEach((gradient, leaf) => expect(distance(gradient.dataSync(), wanted![leaf]!.dataSync())).toBeLessThan(1e-4));
});
