import { sgd, type HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import type { Adapter, LoraFactors } from '../../src/formats/adapter.js';
import { FAMILIES } from '../../src/families/table.js';
import { adapterPath, linearLayers } from '../../src/families/layout.js';
import type { RotaryDecoderConfig } from '../../src/families/shared/config.js';
import { createPolicy, type CausalLM } from '../../src/policy/causal-lm.js';
import { floats, largestDifference, readFixture, useBackend, wave, type StoriesFixture } from '../model/oracle.js';
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

const batch = {
  prompts: fixture?.rows.map(({ prompt }) => prompt) ?? [],
  responses: fixture?.rows.map(({ response }) => response) ?? [],
  temperature: fixture?.temperature ?? 1,
};

describe.skipIf(stories.missing).each(['cpu', 'onnx'] as const)('LoRA on all seven layers of stories260K, %s backend', (backend) => {
  test('log-probabilities and entropies are those of peft', async () => {
    await useBackend(backend);
    const policy = createPolicy(await storiesCheckpoint());
    policy.adapters.set('wave', waveAdapter(policy));
    const score = await policy.compileScore(({ logProbs, entropy }) => ({ logProbs, entropy }));
    const { logProbs, entropy } = await score.run(batch, 'wave', {});
    expect(
      largestDifference(
        logProbs!.flatMap((row) => [...row]),
        fixture.logProbs.flat(),
      ),
    ).toBeLessThan(1e-4);
    expect(
      largestDifference(
        entropy!.flatMap((row) => [...row]),
        fixture.entropies.flat(),
      ),
    ).toBeLessThan(1e-4);
    await policy.dispose();
  });

  test('gradients of A and B are those of peft, through log-probabilities and entropies', async () => {
    await useBackend(backend);
    // small parts, so that the vocabulary is cut
    const policy = createPolicy(await storiesCheckpoint(), null, { limits: { vocabularyPart: 100 } });
    policy.adapters.set('wave', waveAdapter(policy));
    const before = policy.adapters.get('wave');
    const rows = fixture.rows.map(({ response }) => response.length);
    const weights = rows.map((length, row) => wave(2 * length, 100 + rows.slice(0, row).reduce((a, b) => a + b, 0), 1));
    const columns = {
      forLogProb: weights.map((both, row) => both.slice(0, rows[row])),
      forEntropy: weights.map((both, row) => both.slice(rows[row])),
    };
    // plain gradient descent with rate 1 turns the change of a parameter into its gradient
    const step = await policy.compileStep<Record<string, never>>(
      ({ logProbs, entropy }, { columns: { forLogProb, forEntropy } }) => ({
        loss: tf.add(tf.sum(tf.mul(logProbs, forLogProb!)), tf.sum(tf.mul(entropy, forEntropy!))).asScalar(),
        metrics: {},
      }),
      sgd({ learningRate: 1 }),
      {},
    );
    const { metrics, gradientNorm } = await step.run([{ ...batch, columns }]);
    expect(metrics['loss']).toBeCloseTo(fixture.loss, 3);
    const norms = Object.values(fixture.norms);
    expect(gradientNorm / Math.hypot(...norms)).toBeCloseTo(1, 4);
    const after = policy.adapters.get('wave');
    for (const [path, norm] of Object.entries(fixture.norms)) {
      const [module, factor] = [path.slice(0, -7), path.endsWith('lora_A') ? 'a' : 'b'] as const;
      const gradient = difference(before.tensors.get(module)![factor], after.tensors.get(module)![factor]);
      expect(Math.hypot(...gradient) / norm, path).toBeCloseTo(1, 3);
      const expected = fixture.gradients[path];
      if (expected === undefined) continue;
      const reference = floats(expected);
      const largest = reference.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largestDifference(gradient, reference), path).toBeLessThan(1e-4 * largest + 1e-6);
    }
    await policy.dispose();
  });
});

function difference(before: HostTensor, after: HostTensor): Float32Array {
  return (before.data as Float32Array).map((value, i) => value - after.data[i]!);
}
