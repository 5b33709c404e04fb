import * as tf from '@tensorflow/tfjs';

/** The base model's tables: E [vocabulary, hidden], P [positions, hidden], W [hidden, vocabulary]. */
export interface BigramTables {
  readonly E: Float32Array;
  readonly P: Float32Array;
  readonly W: Float32Array;
}

/** Padded rows, flat: [rows * R] each, and what the model is to do with them. */
export interface BigramRows {
  readonly tokens: Int32Array;
  readonly previous: Int32Array;
  readonly places: Int32Array;
  /** 1 on response tokens. */
  readonly mask: Float32Array;
  readonly hidden: number;
  readonly vocabulary: number;
  readonly temperature: number;
  /** Factor of every state. */
  readonly keep: number;
  /** What all outputs are on padding. Default: what the model gives there. */
  readonly poison: number | undefined;
}

/** What the model says of each token: log-probability and entropy [rows * R], state [rows * R, hidden]. */
export interface BigramOutputs {
  readonly logProbs: tf.Tensor;
  readonly entropy: tf.Tensor;
  readonly hidden: tf.Tensor;
}

/**
 * The model's outputs, each one operation with its gradient with respect to the adapter D [vocabulary, hidden]. Written out, for
 * the tests of a package run it thousands of times on an engine whose cost is by operation.
 */
export function bigram({ E, P, W }: BigramTables, rows: BigramRows, adapter: tf.Tensor2D): BigramOutputs {
  const { tokens, previous, places, mask, hidden, vocabulary, temperature, keep, poison } = rows;
  const count = tokens.length;
  const places0 = P.length / hidden;

  function forward(D: Float32Array) {
    const states = new Float64Array(count * hidden); // before `keep`
    const logs = new Float64Array(count * vocabulary);
    const values = { logProbs: new Float32Array(count), entropy: new Float32Array(count), hidden: new Float32Array(count * hidden) };
    for (let i = 0; i < count; i += 1) {
      const [from, at] = [previous[i]! * hidden, (places[i]! % places0) * hidden];
      for (let h = 0; h < hidden; h += 1) states[i * hidden + h] = Math.tanh(E[from + h]! + D[from + h]! + P[at + h]!);
      let largest = -Infinity;
      for (let v = 0; v < vocabulary; v += 1) {
        let logit = 0;
        for (let h = 0; h < hidden; h += 1) logit += keep * states[i * hidden + h]! * W[h * vocabulary + v]!;
        logs[i * vocabulary + v] = logit / temperature;
        largest = Math.max(largest, logit / temperature);
      }
      let sum = 0;
      for (let v = 0; v < vocabulary; v += 1) sum += Math.exp(logs[i * vocabulary + v]! - largest);
      let entropy = 0;
      for (let v = 0; v < vocabulary; v += 1) {
        const log = (logs[i * vocabulary + v]! -= largest + Math.log(sum));
        entropy -= Math.exp(log) * log;
      }
      const spoiled = poison !== undefined && mask[i] === 0;
      values.logProbs[i] = spoiled ? poison : logs[i * vocabulary + tokens[i]!]!;
      values.entropy[i] = spoiled ? poison : entropy;
      for (let h = 0; h < hidden; h += 1) values.hidden[i * hidden + h] = spoiled ? poison : keep * states[i * hidden + h]!;
    }
    return { values, states, logs };
  }

  const { values, states, logs } = forward(adapter.dataSync() as Float32Array);

  /** Of one output, given how the loss depends on it at token i: on its logits, and on its states directly. */
  function backward(ofLogit: ((i: number, v: number) => number) | undefined, ofState: (i: number, h: number) => number): tf.Tensor2D {
    const gradient = new Float32Array(vocabulary * hidden);
    for (let i = 0; i < count; i += 1) {
      if (poison !== undefined && mask[i] === 0) continue;
      const ofLogits = ofLogit && Array.from({ length: vocabulary }, (_, v) => ofLogit(i, v) / temperature);
      for (let h = 0; h < hidden; h += 1) {
        let through = ofState(i, h);
        ofLogits?.forEach((each, v) => (through += each * W[h * vocabulary + v]!));
        const state = states[i * hidden + h]!;
        gradient[previous[i]! * hidden + h]! += keep * through * (1 - state * state);
      }
    }
    return tf.tensor2d(gradient, [vocabulary, hidden]);
  }

  const none = (): number => 0;
  const share = (i: number, v: number): number => Math.exp(logs[i * vocabulary + v]!);
  const output = (value: Float32Array, shape: number[], gradient: (dy: Float32Array) => tf.Tensor2D): tf.Tensor =>
    tf.customGrad(() => ({ value: tf.tensor(value, shape), gradFunc: (dy: tf.Tensor) => gradient(dy.dataSync() as Float32Array) }))(
      adapter,
    );
  return {
    logProbs: output(values.logProbs, [count], (dy) => backward((i, v) => dy[i]! * ((v === tokens[i] ? 1 : 0) - share(i, v)), none)),
    entropy: output(values.entropy, [count], (dy) =>
      backward((i, v) => -dy[i]! * share(i, v) * (logs[i * vocabulary + v]! + values.entropy[i]!), none),
    ),
    hidden: output(values.hidden, [count, hidden], (dy) => backward(undefined, (i, h) => dy[i * hidden + h]!)),
  };
}
