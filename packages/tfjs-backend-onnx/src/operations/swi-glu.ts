import * as tf from '@tensorflow/tfjs';
import { float, MICROSOFT } from '../graph.js';
import { isRecording, record } from '../programs/record.js';

/**
 * silu(gate) * up, with silu(x) = x sigmoid(x) (Shazeer 2020, arXiv 2002.05202), in two passes. Its gradient takes nothing of the forward
 * pass but its operands: silu(gate), which the gradient of a product would keep, is one pass more and a third less memory. On the
 * processor ONNX Runtime takes a rational function for the sigmoid: what comes out is at most 1e-6 off, which is no longer little beside
 * the value where that is (x < -8).
 * @param up as `gate`
 */
export function swiGlu<T extends tf.Tensor>(gate: T, up: T): T {
  const apply = tf.customGrad((...args) => {
    const [a, b, save] = args as unknown as [T, T, tf.GradSaveFunc];
    save([a, b]);
    const gradFunc = (dy: tf.Tensor, [g, u]: tf.Tensor[]): tf.Tensor[] => {
      const s = logistic(g!);
      const f = tf.mul(g!, s);
      const slope = tf.add(s, tf.mul(f, tf.sub(1, s))); // of silu
      return [tf.mul(tf.mul(dy, u!), slope), tf.mul(dy, f)];
    };
    return { value: tf.mul(silu(a), b), gradFunc };
  });
  return apply(gate, up) as T;
}

function silu<T extends tf.Tensor>(x: T): T {
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
