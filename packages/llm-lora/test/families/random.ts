import { createRng } from '@expctr/core';
import type { Checkpoint } from '../../src/formats/checkpoint.js';
import type { FloatTensor } from '../../src/formats/host-tensor.js';
import { namedTensors } from '../../src/families/layout.js';
import type { ModelFamily } from '../../src/families/family.js';
import type { RotaryDecoderConfig } from '../../src/families/shared/config.js';
import type { DecoderConfig } from '../../src/model/config.js';

/** A Llama of two blocks and a few hundred weights. */
export const smallConfig: RotaryDecoderConfig = {
  hiddenSize: 8,
  intermediateSize: 12,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headDim: 2,
  vocabularySize: 10,
  maxPositions: 32,
  normEpsilon: 1e-5,
  ropeTheta: 10_000,
  ropeScaling: null,
  tiedEmbeddings: true,
  bosTokenId: 1,
  eosTokenIds: [2],
};

/** A model of random weights: matrices of deviation 0.3, vectors around 1. */
export function randomCheckpoint<C extends DecoderConfig>(family: ModelFamily<C>, config: C, seed: string): Checkpoint<C> {
  const tensors = namedTensors(family.layout(config), config.layers).map(({ name, shape }): [string, FloatTensor] => {
    const rng = createRng(seed).fork(name);
    const size = shape.reduce((product, length) => product * length, 1);
    const data = Float32Array.from({ length: size }, () => (shape.length === 1 ? 1 : 0) + 0.3 * rng.normal());
    return [name, { data, shape, dtype: 'float32' }];
  });
  return { family, config, tensors: new Map(tensors), source: seed };
}
