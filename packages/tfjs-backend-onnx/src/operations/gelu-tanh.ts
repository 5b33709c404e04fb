import * as tf from '@tensorflow/tfjs';
import { MICROSOFT } from '../graph.js';
import { isRecording, record } from '../programs/record.js';

const CUBIC = 0.044715;
const ROOT = Math.sqrt(2 / Math.PI);

/**
 * GELU by tanh (Hendrycks and Gimpel 2016), x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, in one pass over x; transformers calls it
 * `gelu_new` and `gelu_pytorch_tanh`.
 */
export function geluTanh<T extends tf.Tensor>(x: T): T {
  const apply = tf.customGrad((...args) => {
    const [input, save] = args as unknown as [T, tf.GradSaveFunc];
    save([input]);
    return { value: forward(input), gradFunc: (dy: tf.Tensor, [given]: tf.Tensor[]): tf.Tensor => tf.mul(dy, slope(given!)) };
  });
  return apply(x);
}

function forward<T extends tf.Tensor>(x: T): T {
  if (!isRecording()) return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner(x, tf.square(x))), 1));
  const [result] = record('geluTanh', [x], ([value], g) => [g.op('FastGelu', [value!], value!, {}, MICROSOFT)]);
  return result as T;
}

/** What tanh is taken of. */
function inner(x: tf.Tensor, square: tf.Tensor): tf.Tensor {
  return tf.mul(x, tf.add(tf.mul(square, CUBIC * ROOT), ROOT));
}

/** (1 + t) / 2 + x (1 - t^2) / 2 times the slope of what t is the tanh of. */
function slope(x: tf.Tensor): tf.Tensor {
  const square = tf.square(x);
  const t = tf.tanh(inner(x, square));
  const ofInner = tf.mul(x, tf.add(tf.mul(square, (3 * CUBIC * ROOT) / 2), ROOT / 2)); // x / 2 times the slope
  return tf.add(tf.mul(tf.add(t, 1), 0.5), tf.mul(tf.sub(1, tf.square(t)), ofInner));
}
