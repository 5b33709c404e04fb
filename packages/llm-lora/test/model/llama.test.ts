import { modelAsset } from '@expctr/test-support';
import { describe, expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/formats/checkpoint.js';
import { modelWeights } from '../../src/model/weights.js';
import { floats, largestDifference, logitsOf, readFixture, useBackend, type LogitsFixture, type StoriesFixture } from './oracle.js';

const stories = modelAsset('stories260K');
const smol = modelAsset('SmolLM2-135M-Instruct');

describe.each(['cpu', 'onnx'] as const)('on the %s backend', (backend) => {
  test.skipIf(stories.missing)(
    'logits of prompts of different lengths in one padded batch are those of transformers (stories260K)',
    async () => {
      await useBackend(backend);
      const { logits: fixture } = readFixture<StoriesFixture>('stories260K.json');
      const logits = await logitsOf(modelWeights(await loadCheckpoint(stories.path), 2048), fixture);
      expect(largestDifference(logits, floats(fixture.logits))).toBeLessThan(1e-4 * fixture.largest);
    },
  );
});

test.skipIf(smol.missing)(
  'logits of prompts of different lengths in one padded batch are those of transformers (SmolLM2-135M, GGUF)',
  async () => {
    await useBackend('onnx');
    const { logits: fixture } = readFixture<{ logits: LogitsFixture }>('smollm2.json');
    const logits = await logitsOf(modelWeights(await loadCheckpoint(smol.path), 2048), fixture);
    expect(largestDifference(logits, floats(fixture.logits))).toBeLessThan(1e-4 * fixture.largest);
  },
);
