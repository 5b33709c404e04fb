import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { compile, spec, useOnnx } from '../src/index.js';

beforeAll(() => useOnnx());

describe('what no graph can hold', () => {
  test('is computed outside of a trace, on values that are computed first', () => {
    const x = tf.add(tf.tensor1d([1, 3, 1, 2]), 1);
    const { values, indices } = tf.unique(x);
    expect(values.arraySync()).toEqual([2, 4, 3]);
    expect(indices.arraySync()).toEqual([0, 1, 0, 2]);
    expect(tf.mul(values, 2).arraySync()).toEqual([4, 8, 6]);
  });

  test('has text', () => {
    const words = tf.tensor2d(['a', 'bee', 'sea', 'd'], [2, 2]);
    expect(tf.concat([words, tf.reshape(words, [2, 2])], 1).arraySync()).toEqual([
      ['a', 'bee', 'a', 'bee'],
      ['sea', 'd', 'sea', 'd'],
    ]);
    expect(tf.string.stringSplit(['one two', 'three'], ' ')['values']!.arraySync()).toEqual(['one', 'two', 'three']);
  });

  test('leaves no tensor behind', () => {
    const before = tf.memory();
    tf.tidy(() => void tf.unique(tf.tensor1d([1, 1, 2])).values.dataSync());
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.engine().backend.numDataIds()).toBe(before.numDataBuffers);
  });

  test('is refused in a trace by name, with its reason', async () => {
    await expect(compile((x: tf.Tensor1D) => tf.unique(x).values, [spec([3])])).rejects.toThrow(
      "tfjs's kernel Unique cannot be traced: the shape of its result depends on values",
    );
    await expect(
      compile((x: tf.Tensor1D) => tf.mul(x, tf.cast(tf.tensor1d(['1', '2', '3']), 'float32')), [spec([3])]),
    ).rejects.toMatchObject({
      code: 'TRACE_UNSUPPORTED_DTYPE',
    });
  });
});

describe('complex numbers', () => {
  test('go through a trace as two values', async () => {
    const convolved = await compile(
      (x: tf.Tensor1D, y: tf.Tensor1D) => {
        const spectrum = (t: tf.Tensor1D): tf.Tensor => tf.fft(tf.complex(t, tf.zerosLike(t)));
        return tf.real(tf.ifft(tf.mul(spectrum(x), spectrum(y))));
      },
      [spec([4]), spec([4])],
    );
    const { data } = await convolved.run([Float32Array.of(1, 2, 0, 0), Float32Array.of(3, 1, 0, 0)]);
    [3, 7, 2, 0].forEach((each, i) => expect(data[i]).toBeCloseTo(each, 5));
    await convolved.dispose();
  });

  test('are no result of a trace, and no operand of what has no form for them', async () => {
    const whole = (x: tf.Tensor1D): tf.Tensor => tf.complex(x, x);
    await expect(compile(whole, [spec([2])])).rejects.toMatchObject({ code: 'TRACE_UNSUPPORTED_DTYPE' });
    await expect(compile((x: tf.Tensor1D) => tf.sum(whole(x)), [spec([2])])).rejects.toMatchObject({ code: 'TRACE_UNSUPPORTED_DTYPE' });
  });
});
