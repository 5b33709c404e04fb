import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { rotaryFrequencies, rotaryTables, rotate, type RotaryConfig } from '../../src/model/rotary.js';
import { useBackend } from './oracle.js';

const config: RotaryConfig = { headDim: 8, ropeTheta: 10_000, ropeScaling: null };

beforeAll(() => useBackend('cpu'));

test('rotation by position p turns each pair (i, i + half) by p theta^(-2i / headDim)', () => {
  const { keyCos, keySin } = rotaryTables(config, [0, 3]);
  const x = tf.tensor4d([1, 0, 2, 0, 0, 1, 0, 0, 1, 0, 2, 0, 0, 1, 0, 0], [1, 1, 2, 8]);
  const table = (values: Float32Array): tf.Tensor => tf.tensor(values, [1, 1, 2, 4]);
  const rotated = rotate(x, table(keyCos), table(keySin), 1).dataSync();
  expect(Array.from(rotated.slice(0, 8))).toEqual([1, 0, 2, 0, 0, 1, 0, 0]);
  const expected = [
    [Math.cos(3), Math.sin(3)],
    [-Math.sin(0.3), Math.cos(0.3)],
    [2 * Math.cos(0.03), 2 * Math.sin(0.03)],
    [0, 0],
  ];
  expected.forEach(([first, second], i) => {
    expect(rotated[8 + i]).toBeCloseTo(first!, 6);
    expect(rotated[12 + i]).toBeCloseTo(second!, 6);
  });
});

test('queries carry the scale of attention scores', () => {
  const { queryCos, keyCos } = rotaryTables(config, [5]);
  queryCos.forEach((value, i) => expect(value).toBeCloseTo(keyCos[i]! / Math.sqrt(8), 6));
});

test('linear scaling divides the positions', () => {
  const scaled = rotaryFrequencies({ ...config, ropeScaling: { type: 'linear', factor: 4 } });
  rotaryFrequencies(config).forEach((value, i) => expect(scaled[i]).toBeCloseTo(value / 4, 12));
});

test('llama3 scaling keeps short wavelengths, divides long ones and blends between', () => {
  // transformers 5.23, ROPE_INIT_FUNCTIONS['llama3'] with head_dim 8, theta 500000, factor 8, low 1, high 4, original 8192
  const scaled = rotaryFrequencies({
    ...config,
    ropeTheta: 500_000,
    ropeScaling: { type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 8192 },
  });
  const expected = [1, 0.03760603070259094, 0.0005248460220173001, 6.647869668086059e-6];
  expected.forEach((value, i) => expect(scaled[i]! / value).toBeCloseTo(1, 5));
});
