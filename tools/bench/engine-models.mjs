/** Training steps that the engine's benchmark compiles: plain tfjs functions over parameter trees. */
import * as tf from '@tensorflow/tfjs';
import { frozenMatMul, spec, valueAndGrad } from '../../packages/tfjs-backend-onnx/dist/index.js';

/** DeepFM's step without its tables: gathered embeddings in, the gradients of everything out. */
export function deepfm({ batch = 4096, fields = 6, width = 16, hidden = [400, 400, 400] } = {}) {
  const sizes = [fields * width, ...hidden, 1];
  const layers = sizes.slice(1).map((out, i) => ({ weight: spec([sizes[i], out]), bias: spec([out]) }));
  function loss({ embeddings, linear, layers }, labels) {
    const first = tf.sum(linear, 1, true); // [batch, 1]
    const sum = tf.sum(embeddings, 1); // [batch, width]
    const second = tf.mul(0.5, tf.sum(tf.sub(tf.square(sum), tf.sum(tf.square(embeddings), 1)), 1, true)); // [batch, 1]
    let hiddenState = tf.reshape(embeddings, [batch, fields * width]);
    layers.forEach(({ weight, bias }, i) => {
      hiddenState = tf.add(tf.matMul(hiddenState, weight), bias);
      if (i < layers.length - 1) hiddenState = tf.relu(hiddenState);
    });
    const logit = tf.add(tf.add(first, second), hiddenState); // [batch, 1]
    return tf.mean(tf.add(tf.sub(tf.relu(logit), tf.mul(logit, labels)), tf.softplus(tf.neg(tf.abs(logit)))));
  }
  return {
    name: 'deepfm',
    fn: valueAndGrad(loss),
    specs: [{ embeddings: spec([batch, fields, width]), linear: spec([batch, fields]), layers }, spec([batch, 1])],
  };
}

/**
 * The parts of a LoRA step (rank 16 on q and v) of a SmolLM2-135M-shaped Llama: specs, one block, the loss behind the last block.
 * Base weights are inputs, matrices [out, in], stored as `store` says for one matrix's spec: `(shape) => FrozenMatrix of specs`.
 */
export function llamaParts({ batch = 4, time = 256, rank = 16, theta = 10_000, store = (shape) => ({ float32: spec(shape) }) } = {}) {
  const [width, heads, groups, head, inner, vocabulary] = [576, 9, 3, 64, 1536, 49152];
  const base = {
    norm1: spec([width]),
    q: store([width, width]),
    k: store([groups * head, width]),
    v: store([groups * head, width]),
    o: store([width, width]),
    norm2: spec([width]),
    gate: store([inner, width]),
    up: store([inner, width]),
    down: store([width, inner]),
  };
  const adapter = { qa: spec([width, rank]), qb: spec([rank, width]), va: spec([width, rank]), vb: spec([rank, groups * head]) };
  const half = head / 2;
  const angles = Array.from({ length: time * half }, (_, i) => Math.floor(i / half) * theta ** ((-2 * (i % half)) / head));
  const rms = (x, w) => tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-5))), w);

  function block(lora, p, x) {
    const [cos, sin] = [Math.cos, Math.sin].map((f) => tf.tensor(Float32Array.from(angles, f), [1, time, 1, half]));
    const mask = tf.tensor(
      Float32Array.from({ length: time * time }, (_, i) => (i % time > Math.floor(i / time) ? -1e9 : 0)),
      [1, 1, time, time],
    );
    const rotate = (y) => {
      const [a, b] = tf.split(y, 2, 3);
      return tf.concat([tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))], 3);
    };
    const withAdapter = (y, w, a, b) => tf.add(frozenMatMul(y, w), tf.mul(2, tf.matMul(tf.matMul(y, a), b)));
    const h = rms(x, p.norm1);
    const query = rotate(tf.reshape(withAdapter(h, p.q, lora.qa, lora.qb), [batch, time, heads, head]));
    const key = rotate(tf.reshape(frozenMatMul(h, p.k), [batch, time, groups, head]));
    const value = tf.reshape(withAdapter(h, p.v, lora.va, lora.vb), [batch, time, groups, head]);
    const grouped = tf.transpose(tf.reshape(query, [batch, time, groups, heads / groups, head]), [0, 2, 3, 1, 4]);
    const q = tf.reshape(grouped, [batch, groups, (heads / groups) * time, head]);
    const scores = tf.mul(tf.matMul(q, tf.transpose(key, [0, 2, 1, 3]), false, true), 1 / Math.sqrt(head));
    const weights = tf.softmax(tf.add(tf.reshape(scores, [batch, heads, time, time]), mask)); // [batch, heads, time, time]
    const mixed = tf.matMul(tf.reshape(weights, [batch, groups, (heads / groups) * time, time]), tf.transpose(value, [0, 2, 1, 3]));
    const back = tf.transpose(tf.reshape(mixed, [batch, groups, heads / groups, time, head]), [0, 3, 1, 2, 4]);
    const attended = tf.add(x, frozenMatMul(tf.reshape(back, [batch * time, width]), p.o));
    const n = rms(attended, p.norm2);
    const gate = frozenMatMul(n, p.gate);
    return tf.add(attended, frozenMatMul(tf.mul(tf.mul(gate, tf.sigmoid(gate)), frozenMatMul(n, p.up)), p.down));
  }

  function lossOf(norm, embedding, table, x, targets) {
    const n = rms(x, norm);
    const logits = frozenMatMul(n, table); // [batch * time, vocabulary]
    const largest = tf.max(logits, 1, true);
    const normalizer = tf.add(tf.log(tf.sum(tf.exp(tf.sub(logits, largest)), 1, true)), largest);
    const chosen = tf.sum(tf.mul(n, tf.gather(embedding, tf.reshape(targets, [batch * time]))), 1, true);
    return tf.mean(tf.sub(normalizer, chosen));
  }
  const embed = (embedding, ids) => tf.gather(embedding, tf.reshape(ids, [batch * time])); // [batch * time, width]
  const sizes = { width, vocabulary, tokens: batch * time };
  const ends = { norm: spec([width]), embedding: spec([vocabulary, width]), table: store([vocabulary, width]) };
  const ids = spec([batch, time], 'int32');
  return { base, adapter, ends, ids, sizes, embed, block, head: lossOf };
}

/** The whole LoRA step as one graph: adapters' gradients out. @param wrap of a block, as `checkpoint` */
export function llama({ depth = 30, wrap = (block) => block, ...options } = {}) {
  const { base, adapter, ends, ids, sizes, embed, block, head } = llamaParts(options);
  const each = wrap(block);
  function loss(adapters, layers, { norm, embedding, table }, tokens, targets) {
    let x = embed(embedding, tokens);
    layers.forEach((layer, l) => (x = tf.tidy(`layer${l}`, () => each(adapters[l], layer, x))));
    return tf.tidy('head', () => head(norm, embedding, table, x, targets));
  }
  const repeated = (leaf) => Array.from({ length: depth }, () => leaf);
  return {
    name: 'llama',
    fn: valueAndGrad(loss),
    vocabulary: sizes.vocabulary,
    specs: [repeated(adapter), repeated(base), ends, ids, ids],
  };
}

/** Random inputs for a tree of specs. */
export function randomInputs(specs, { scale = 0.06, integers = 2 } = {}) {
  let seed = 1;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  const fill = (tree) => {
    if (!Array.isArray(tree.shape))
      return Array.isArray(tree) ? tree.map(fill) : Object.fromEntries(Object.entries(tree).map(([k, v]) => [k, fill(v)]));
    const length = tree.shape.reduce((a, b) => a * b, 1);
    if (tree.dtype === 'int32') return Int32Array.from({ length }, () => Math.floor(random() * integers));
    return tree.shape.length === 1 ? new Float32Array(length).fill(1) : Float32Array.from({ length }, () => (random() - 0.5) * scale);
  };
  return specs.map(fill);
}
