import { createRng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { checkPolicy } from '../src/index.js';
import { bigramPolicy, EOS, type Mutation } from './bigram-policy.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const prompts = [[3], [1, 2, 0, 4], [5, 6, 7, 1, 2, 3, 4], [2, 2]];
const check = (mutation?: Mutation) =>
  checkPolicy({ policy: bigramPolicy({ mutation }), prompts, padTokenId: EOS, rng: createRng('check') });

test('a policy that keeps its promises passes every check', async () => {
  const broken = (await check()).filter(({ holds }) => !holds);
  expect(broken).toEqual([]);
});

test.for<[Mutation, string]>([
  ['positions count padding', '2. '],
  ['mask from pad id', '3. '],
  ['temperature ignored', '4. '],
  ['batch-dependent sampling', '6. '],
  ['dropout in training', '1. '],
  ['micro-batches averaged', '15. '],
  ['pairs left out', 'rows of a pair'],
  ['pairs turned round', 'rows of a pair'],
])('a policy with %s fails line %s', async ([mutation, line]) => {
  const broken = (await check(mutation)).filter(({ holds }) => !holds).map(({ property }) => property);
  expect(broken.some((property) => property.startsWith(line))).toBe(true);
});
