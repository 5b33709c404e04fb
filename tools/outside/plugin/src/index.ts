import type { Plugin } from '@expctr/trainer';
import { brevity } from './brevity.js';
import { cafes } from './cafes.js';
import { careful } from './careful.js';
import { keepBest } from './keep-best.js';
import { letters } from './letters.js';
import { renamedLlama } from './renamed-llama.js';
import { linearAndDeep } from './linear-and-deep.js';

/** One part of each kind. */
export const plugin = {
  name: 'cafes',
  backbones: [linearAndDeep],
  rewards: [brevity],
  encoders: [letters],
  datasets: [cafes],
  algorithms: [keepBest],
  samplers: [careful],
  families: [renamedLlama],
} satisfies Plugin;
