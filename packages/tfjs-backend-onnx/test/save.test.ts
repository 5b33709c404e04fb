import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs';
import { ModelProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { constantValue } from '../src/constants.js';
import { compile, constant, spec, useOnnx } from '../src/index.js';
import { inputSignature } from '../src/inputs.js';
import { saveProgram } from '../src/save.js';
import { makeNode } from '../src/graph.js';

const folder = mkdtempSync(join(tmpdir(), 'expctr-save-'));
beforeAll(() => useOnnx());
afterAll(() => rmSync(folder, { recursive: true }));

const weights = { data: Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i)), shape: [3, 1000], dtype: 'float32' as const };

test('a saved function loads in ONNX Runtime and computes the same bits', async () => {
  const fn = await compile(
    (batch: { x: tf.Tensor2D; mask: tf.Tensor2D }, w: tf.Tensor) => {
      const logits = tf.tidy('head', () => tf.matMul(batch.x, w as tf.Tensor2D)); // [2, 1000]
      return { scores: tf.sigmoid(tf.sum(logits, 1)), masked: tf.mul(logits, tf.cast(batch.mask, 'float32')) };
    },
    [{ x: spec([2, 3]), mask: spec([2, 1], 'bool') }, constant(weights)],
    { name: 'scorer', argumentNames: ['batch', 'weights'] },
  );
  const path = join(folder, 'deep', 'model.onnx');
  await fn.save(path);
  const x = Float32Array.of(1, 2, 3, -1, 0, 0.5);
  const mask = Uint8Array.of(1, 0);
  const expected = await fn.run([{ x, mask }, undefined]);

  expect(fromBinary(ModelProtoSchema, readFileSync(path)).graph!.initializer.map(({ name }) => name)).toContain('weights');
  const session = await InferenceSession.create(path, { graphOptimizationLevel: 'basic', intraOpNumThreads: 1 });
  expect(session.inputNames).toEqual(['batch.x', 'batch.mask']);
  expect(session.outputNames).toEqual(['scores', 'masked']);
  const results = await session.run({ 'batch.x': new Tensor('float32', x, [2, 3]), 'batch.mask': new Tensor('bool', mask, [2, 1]) });
  expect([...(results['scores']!.data as Float32Array)]).toEqual([...expected.scores.data]);
  expect([...(results['masked']!.data as Float32Array)]).toEqual([...expected.masked.data]);
  await session.release();
  await fn.dispose();
});

test('a saved file names what it holds, the same way every time', async () => {
  const save = async (file: string): Promise<Uint8Array> => {
    const fn = await compile((x: tf.Tensor2D) => tf.tidy('tower', () => tf.relu(tf.matMul(x, x, false, true))), [spec([2, 3])], {
      name: 'tower',
      outputNames: ['similarity'],
    });
    await fn.save(join(folder, file));
    await fn.dispose();
    return readFileSync(join(folder, file));
  };
  const first = await save('a.onnx');
  expect(Buffer.compare(first, await save('b.onnx'))).toBe(0);
  const { graph, producerName } = fromBinary(ModelProtoSchema, first);
  expect(producerName).toBe('@expctr/tfjs-backend-onnx');
  expect(graph!.name).toBe('tower');
  expect(graph!.node.map(({ name }) => name)).toEqual(['tower/matMul/FusedMatMul', 'tower/relu/Relu']);
  expect(graph!.output.map(({ name }) => name)).toEqual(['similarity']);
});

test('results that are inputs, constants or each other keep their own names', async () => {
  const fn = await compile(
    (x: tf.Tensor1D) => {
      const y = tf.exp(x);
      return { x, y, again: y, one: tf.ones([2000]), list: tf.tensor1d([1, 2]) };
    },
    [spec([2])],
    { argumentNames: ['x'] },
  );
  expect(fn.outputs.map(({ name }) => name)).toEqual(['x_out', 'y', 'again', 'one', 'list']);
  const { x, y, again, one, list } = await fn.run([Float32Array.of(0, 1)]);
  expect([...x.data]).toEqual([0, 1]);
  expect([...again.data]).toEqual([...y.data]);
  expect(one.data.length).toBe(2000);
  expect([...list.data]).toEqual([1, 2]);
  await fn.save(join(folder, 'aliases.onnx'));
  await (await InferenceSession.create(join(folder, 'aliases.onnx'))).release();
  await fn.dispose();
});

test('constants beyond the limit of a protobuf go to a file beside the graph', async () => {
  const shape = [1000];
  const input = { shape, dtype: 'float32' as const, origin: { kind: 'input' as const, name: 'x' } };
  const constants = [1, 2].map((scale) =>
    constantValue(
      Float32Array.from(shape, () => 0).length === 0 ? new Float32Array() : Float32Array.from({ length: 1000 }, (_, i) => i * scale),
      shape,
      'float32',
    ),
  );
  const [sum] = constants.reduce(
    (value, c) =>
      makeNode({ op: 'Add', domain: '', inputs: [value[0]!, c], attributes: {}, scope: '' }, [{ shape, dtype: 'float32' }]).outputs,
    [input] as readonly (typeof constants)[number][],
  );
  const path = join(folder, 'large.onnx');
  const graph = { name: 'large', inputs: [input], outputs: [sum!] };
  const signature = inputSignature('large', [{ shape, dtype: 'float32' }]);
  const program = { name: 'large', graph, inputNames: ['x'], outputNames: ['y'], signature, structure: 0, tracedNodes: 2 };
  await saveProgram(program, path, { largestInlineBytes: 5000 });
  expect((await readdir(folder)).filter((file) => file.startsWith('large'))).toEqual(['large.onnx', 'large.onnx.data']);
  const model = fromBinary(ModelProtoSchema, readFileSync(path));
  expect(model.graph!.initializer.map(({ dataLocation }) => dataLocation)).toEqual([
    TensorProto_DataLocation.DEFAULT,
    TensorProto_DataLocation.EXTERNAL,
  ]);
  const session = await InferenceSession.create(path);
  const { y } = await session.run({ x: new Tensor('float32', new Float32Array(1000).fill(1), shape) });
  expect((y!.data as Float32Array)[10]).toBe(31);
  await session.release();
});
