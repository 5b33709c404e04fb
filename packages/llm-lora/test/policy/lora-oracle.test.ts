import { describe, expect, test } from 'vitest';
import type { Adapter, LoraFactors } from '../../src/formats/adapter.js';
import { FAMILIES } from '../../src/families/table.js';
import { adapterPath, linearLayers } from '../../src/families/layout.js';
import type { RotaryDecoderConfig } from '../../src/families/shared/config.js';
import { createPolicy, type CausalLM } from '../../src/policy/causal-lm.js';
import { gradientDifferences, outputDifferences } from '../model/lora-fixture.js';
import { readFixture, useBackend, wave, type StoriesFixture } from '../model/oracle.js';
import { stories, storiesCheckpoint } from './stories.js';

const { lora: fixture } = stories.missing ? { lora: null as never } : readFixture<StoriesFixture>('stories260K.json');

/** The oracle's adapter: every factor a wave whose start is its place among the sorted names. */
function waveAdapter(policy: CausalLM): Adapter {
  const layout = FAMILIES.llama.layout(policy.config as RotaryDecoderConfig);
  const linears = linearLayers(layout);
  const sites = Array.from({ length: policy.config.layers }, (_, index) =>
    linears.map((linear) => ({ path: adapterPath(layout, index, linear), ...linear })),
  ).flat();
  const names = sites.flatMap(({ path }) => [`${path}.lora_A`, `${path}.lora_B`]).sort();
  const factor = (name: string, shape: readonly [number, number]): LoraFactors['a'] => ({
    data: wave(shape[0] * shape[1], names.indexOf(name), 0.1),
    shape,
    dtype: 'float32',
  });
  const tensors = new Map<string, LoraFactors>(
    sites.map(({ path, in: width, out }) => [
      path,
      { a: factor(`${path}.lora_A`, [fixture.rank, width]), b: factor(`${path}.lora_B`, [out, fixture.rank]) },
    ]),
  );
  const targetModules = linears.map(({ key }) => key);
  return { config: { rank: fixture.rank, alpha: fixture.alpha, targetModules }, tensors };
}

describe.skipIf(stories.missing).each(['cpu', 'onnx'] as const)('LoRA on all seven layers of stories260K, %s backend', (backend) => {
  test('log-probabilities and entropies are those of peft', async () => {
    await useBackend(backend);
    const policy = createPolicy(await storiesCheckpoint());
    policy.adapters.set('wave', waveAdapter(policy));
    const { logProbs, entropy } = await outputDifferences(policy, 'wave', fixture);
    expect(logProbs).toBeLessThan(1e-4);
    expect(entropy).toBeLessThan(1e-4);
    await policy.dispose();
  });

  test('gradients of A and B are those of peft, through log-probabilities and entropies', async () => {
    await useBackend(backend);
    // small parts, so that the vocabulary is cut
    const policy = createPolicy(await storiesCheckpoint(), null, { limits: { vocabularyPart: 100 } });
    policy.adapters.set('wave', waveAdapter(policy));
    const { loss, norms, gradients } = await gradientDifferences(policy, fixture);
    expect(loss).toBeLessThan(5e-4);
    expect(norms).toBeLessThan(5e-4);
    expect(gradients).toBeLessThan(1e-4);
    await policy.dispose();
  });
});
