import * as tf from '@tensorflow/tfjs';
import { float, MICROSOFT } from '../graph.js';
import { isRecording, record } from '../programs/record.js';

/**
 * x sigmoid(x), which is also called swish, in one pass over x, and its gradient in five. On the processor ONNX Runtime takes a rational
 * function for the sigmoid: what comes out is at most 1e-6 off, which is no longer little beside the value where that is (x < -8).
 */
export function silu<T extends tf.Tensor>(x: T): T {
  const apply = tf.customGrad((...args) => {
    const [input, save] = args as unknown as [T, tf.GradSaveFunc];
    const value = forward(input);
    save([input, value]);
    // f' = s + f (1 - s), with f from the forward pass
    const gradFunc = (dy: tf.Tensor, [given, f]: tf.Tensor[]): tf.Tensor => {
      const s = logistic(given!);
      return tf.mul(dy, tf.add(s, tf.mul(f!, tf.sub(1, s))));
    };
    return { value, gradFunc };
  });
  return apply(x);
}

function forward<T extends tf.Tensor>(x: T): T {
  if (!isRecording()) return tf.mul(x, tf.sigmoid(x));
  const [result] = record('silu', [x], ([value], g) => [g.op('QuickGelu', [value!], value!, { alpha: float(1) }, MICROSOFT)]);
  return result as T;
}

/** ONNX Runtime's own sigmoid: one pass over x, where the exact one takes four. */
function logistic(x: tf.Tensor): tf.Tensor {
  if (!isRecording()) return tf.sigmoid(x);
  const [result] = record('logistic', [x], ([value], g) => [g.unary('Sigmoid', value!)]);
  return result!;
}
