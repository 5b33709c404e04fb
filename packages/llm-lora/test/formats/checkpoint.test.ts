import { modelAsset } from '@expctr/test-support';
import { expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/formats/checkpoint.js';

const stories = modelAsset('stories260K');

test.skipIf(stories.missing)('a folder with config.json and model.safetensors loads with its configuration', async () => {
  const { config, tensors } = await loadCheckpoint(stories.path);
  expect(config).toEqual({
    hiddenSize: 64,
    intermediateSize: 172,
    layers: 5,
    heads: 8,
    keyValueHeads: 4,
    headDim: 8,
    vocabularySize: 512,
    maxPositions: 512,
    normEpsilon: 1e-5,
    ropeTheta: 10_000,
    ropeScaling: null,
    tiedEmbeddings: true,
    bosTokenId: 1,
    eosTokenIds: [2],
  });
  expect(tensors.size).toBe(5 * 9 + 2);
  expect(tensors.get('model.layers.0.mlp.down_proj.weight')?.shape).toEqual([64, 172]);
});
