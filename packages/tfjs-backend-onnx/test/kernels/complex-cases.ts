import * as tf from '@tensorflow/tfjs';
import { floats, values, type KernelCase } from './kernel-case.js';

/** A program of one complex number each way: real and imaginary parts in, real and imaginary parts out. */
const complexly =
  (run: (x: tf.Tensor) => tf.Tensor) =>
  (real: tf.Tensor, imag: tf.Tensor): tf.Tensor[] => {
    const y = run(tf.complex(real, imag));
    return [tf.real(y), tf.imag(y)];
  };
const pair = (shape: readonly number[]): KernelCase['inputs'] => [floats(shape), floats(shape, -1, 1)];
const NONE = 'tfjs has none';

/** Cases of complex numbers. */
export const complexCases = {
  Complex: [{ inputs: pair([2, 3]), run: complexly((x) => tf.reshape(x, [3, 2])), noGradient: NONE }],
  Real: [
    {
      inputs: [...pair([2, 3]), floats([2, 3], 0, 1), floats([3], 1, 2)],
      run: (a, b, c, d) => tf.real(tf.mul(tf.complex(a, b), tf.complex(c, tf.mul(c, d)))),
      noGradient: NONE,
    },
  ],
  Imag: [
    {
      inputs: [...pair([3]), floats([3], 0, 1)],
      run: (a, b, c) => tf.imag(tf.mul(tf.add(tf.complex(a, b), c), tf.complex(b, c))),
      noGradient: NONE,
    },
    { inputs: pair([2, 3]), run: (a, b) => tf.imag(tf.concat([tf.complex(a, b), tf.complex(b, a)], 1)), noGradient: NONE },
    { inputs: pair([2, 3]), run: (a, b) => tf.imag(tf.stack([tf.complex(a, b), tf.onesLike(tf.complex(b, a))], 1)), noGradient: NONE },
  ],
  ComplexAbs: [
    { inputs: pair([2, 3]), run: (a, b) => tf.abs(tf.complex(a, b)), noGradient: NONE },
    // the squares of these neither fit into float32 nor vanish
    { inputs: [values(3e30, 0, 3e-30, -2), values(4e30, 0, 4e-30, 0)], run: (a, b) => tf.abs(tf.complex(a, b)), noGradient: NONE },
  ],
  FFT: [1, 2, 3, 5, 8, 12].map((length) => ({
    inputs: pair([2, length]),
    run: complexly(tf.fft),
    // ONNX Runtime's angles are float32 sums
    tolerance: 2e-5,
    noGradient: NONE,
  })),
  IFFT: [1, 2, 3, 8].map((length) => ({
    inputs: pair([3, length]),
    run: complexly(tf.ifft),
    tolerance: 2e-5,
    noGradient: NONE,
  })),
} satisfies Record<string, readonly KernelCase[]>;
