import { createRng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { adam, applyUpdates, compile, spec, useOnnx, valueAndGradWithAux, type HostTensor } from '../src/index.js';

beforeAll(() => useOnnx());

const [batch, time, heads, head, inner, vocabulary] = [3, 13, 4, 16, 96, 151];
const width = heads * head;
const shapes = {
  norm: [width],
  query: [width, width],
  queryA: [width, 8],
  queryB: [8, width],
  key: [width, width],
  value: [width, width],
  valueBias: [width],
  out: [width, width],
  scale: [width],
  shift: [width],
  gate: [width, inner],
  up: [width, inner],
  upBias: [inner],
  down: [inner, width],
  unembed: [width, vocabulary],
};
type Params = { readonly [K in keyof typeof shapes]: tf.Tensor };
const specs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, spec(shape)])) as never;
const rng = createRng('exactness');
const filled = (shape: readonly number[]): Float32Array =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal() * 0.2);
const params = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, filled(shape)]));
const states = filled([batch * time, width]);

/** A transformer block with what ONNX Runtime likes to fuse: norms, gelu, silu, biases, a low-rank sum, scaled scores, softmax. */
function block(p: Params, x: tf.Tensor): tf.Tensor {
  const split = (y: tf.Tensor): tf.Tensor => tf.transpose(tf.reshape(y, [batch, time, heads, head]), [0, 2, 1, 3]); // [batch, heads, time, head]
  const h = tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-5))), p.norm); // [batch * time, width]
  const query = split(tf.add(tf.matMul(h, p.query), tf.mul(2, tf.matMul(tf.matMul(h, p.queryA), p.queryB))));
  const scores = tf.mul(tf.matMul(query, split(tf.matMul(h, p.key)), false, true), 1 / Math.sqrt(head)); // [batch, heads, time, time]
  const mixed = tf.matMul(tf.softmax(scores), split(tf.add(tf.matMul(h, p.value), p.valueBias)));
  const attended = tf.add(x, tf.matMul(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * time, width]), p.out));
  const centered = tf.sub(attended, tf.mean(attended, -1, true));
  const normal = tf.div(centered, tf.sqrt(tf.add(tf.mean(tf.square(centered), -1, true), 1e-5)));
  const n = tf.add(tf.mul(normal, p.scale), p.shift);
  const gate = tf.matMul(n, p.gate);
  const up = tf.add(tf.matMul(n, p.up), p.upBias);
  const gelu = tf.mul(tf.mul(up, 0.5), tf.add(1, tf.erf(tf.div(up, Math.SQRT2))));
  return tf.add(attended, tf.matMul(tf.mul(tf.mul(gate, tf.sigmoid(gate)), gelu), p.down));
}

function forward(p: Params, x: tf.Tensor): { logits: tf.Tensor; logProbs: tf.Tensor } {
  const logits = tf.matMul(block(p, block(p, x)), p.unembed); // [batch * time, vocabulary]
  return { logits, logProbs: tf.logSoftmax(logits) };
}

const bits = ({ data }: HostTensor): string => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');

describe('a forward pass has the same bits alone and', () => {
  const alone = async (): Promise<string[]> => {
    const fn = await compile(forward, [specs, spec([batch * time, width])], { name: 'alone' });
    const result = await fn.run([params, states] as never);
    await fn.dispose();
    return [bits(result.logits), bits(result.logProbs)];
  };

  test.each<[string, (keyof Params)[]]>([
    ['with the gradient of the low-rank matrices', ['queryA', 'queryB']],
    ['with the gradient of norms and gates', ['norm', 'scale', 'gate', 'up', 'unembed']],
    ['with the gradient of everything', Object.keys(shapes) as (keyof Params)[]],
  ])('%s', async (_, trained) => {
    const optimizer = adam({ learningRate: 0.1 });
    const step = await compile(
      (p: Params, x: tf.Tensor) => {
        const leaves = Object.fromEntries(trained.map((name) => [name, p[name]]));
        const { value, aux, grads } = valueAndGradWithAux((t: typeof leaves) => {
          const result = forward({ ...p, ...t }, x);
          return { loss: tf.mean(tf.square(result.logProbs)), aux: result };
        })(leaves);
        const { updates } = optimizer.update(grads, optimizer.init(leaves), leaves);
        return { value, aux, next: applyUpdates(leaves, updates) };
      },
      [specs, spec([batch * time, width])],
      { name: 'step' },
    );
    const { aux } = await step.run([params, states] as never);
    await step.dispose();
    expect([bits(aux.logits), bits(aux.logProbs)]).toEqual(await alone());
  });

  test('beside unrelated results', async () => {
    const fn = await compile(
      (p: Params, x: tf.Tensor) => ({ ...forward(p, x), intermediate: tf.matMul(x, p.value), other: tf.exp(block(p, x)) }),
      [specs, spec([batch * time, width])],
      { name: 'beside' },
    );
    const result = await fn.run([params, states] as never);
    await fn.dispose();
    expect([bits(result.logits), bits(result.logProbs)]).toEqual(await alone());
  });
});

test('two runs of one function have the same bits', async () => {
  const fn = await compile(forward, [specs, spec([batch * time, width])], { name: 'twice' });
  const first = await fn.run([params, states] as never);
  const second = await fn.run([params, states] as never);
  expect(bits(second.logProbs)).toBe(bits(first.logProbs));
  await fn.dispose();
});
