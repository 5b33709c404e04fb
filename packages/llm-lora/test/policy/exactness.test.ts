import { createRng } from '@expctr/core';
import { adam, sgd, type HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CausalLM } from '../../src/policy/causal-lm.js';
import { largestDifference, useBackend } from '../model/oracle.js';
import { stories, storiesPolicy, tokens } from './stories.js';

/** Rows whose prompts partly repeat; token 2 is the model's end of text, used here as any other. */
const prompts = [tokens(31, 1), tokens(17, 2), tokens(31, 1), [2, 2, 2], tokens(31, 1), tokens(17, 2)];
const responses = [tokens(9, 5), tokens(4, 6), [2], tokens(11, 7), [2, 2, 2], tokens(4, 8)];
const batch = { prompts, responses, temperature: 0.8 };

/** An adapter that changes the model: B is not zero. */
function roughen(policy: CausalLM, name: string): void {
  policy.adapters.create(name, createRng(3));
  const { config, tensors } = policy.adapters.get(name);
  const rng = createRng(4);
  const noisy = new Map(
    [...tensors].map(([path, { a, b }]) => [path, { a, b: { ...b, data: b.data.map(() => 0.1 * rng.normal()) } }] as const),
  );
  policy.adapters.set(name, { config, tensors: noisy });
}

describe.skipIf(stories.missing)('scoring and training on stories260K', () => {
  let policy: CausalLM;
  beforeAll(async () => {
    await useBackend('onnx');
    policy = await storiesPolicy({
      limits: { vocabularyPart: 200 },
      lora: { rank: 4, alpha: 8, targetModules: ['q_proj', 'v_proj', 'down_proj'] },
    });
    roughen(policy, 'rough');
  });

  test('the training step computes the log-probabilities of the scoring pass to the last bit', async () => {
    const score = await policy.compileScore(({ logProbs, entropy }) => ({ logProbs, entropy }));
    const scored = await score.run(batch, 'rough', {});
    let largest = NaN;
    const step = await policy.compileStep<Record<string, never>>(
      ({ logProbs, entropy }, { columns: { old, oldEntropy }, mask }) => {
        const ratio = tf.exp(tf.sub(logProbs, old!));
        const off = tf.maximum(tf.max(tf.abs(tf.sub(logProbs, old!))), tf.max(tf.abs(tf.sub(entropy, oldEntropy!))));
        return { loss: tf.sum(tf.mul(mask, tf.mul(ratio, tf.square(entropy)))).asScalar(), metrics: {}, maxima: { off: off.asScalar() } };
      },
      adam({ learningRate: 1e-3 }),
      {},
    );
    const columns = { old: scored['logProbs']!, oldEntropy: scored['entropy']! };
    await step.run([{ ...batch, columns }], { skip: (metrics) => ((largest = metrics['off']!), true) });
    expect(largest).toBe(0);
    expect(scored['logProbs']!.map(({ length }) => length)).toEqual(responses.map(({ length }) => length));
    await step.dispose();
  });

  test('the base model and an adapter with B = 0 give the same bits', async () => {
    policy.adapters.create('fresh', createRng(9));
    const fresh = await policy.logProbabilities(batch, 'fresh');
    const base = await policy.logProbabilities(batch, null);
    expect(fresh).toEqual(base);
    const rough = await policy.logProbabilities(batch, 'rough');
    expect(
      largestDifference(
        rough.flatMap((row) => [...row]),
        base.flatMap((row) => [...row]),
      ),
    ).toBeGreaterThan(0.01);
  });

  test('rows that share a prompt, other chunking and other padding move log-probabilities by less than 1e-4', async () => {
    const together = await policy.logProbabilities(batch, 'rough');
    const small = await storiesPolicy({ limits: { batchTokens: 32, vocabularyPart: 512 } });
    small.adapters.set('rough', policy.adapters.get('rough'));
    const chunked = await small.logProbabilities(batch, 'rough');
    for (const [row, prompt] of prompts.entries()) {
      const [alone] = await policy.logProbabilities({ prompts: [prompt], responses: [responses[row]!], temperature: 0.8 }, 'rough');
      expect(largestDifference(together[row]!, alone!)).toBeLessThan(1e-4);
      expect(largestDifference(together[row]!, chunked[row]!)).toBeLessThan(1e-4);
    }
    await small.dispose();
  });

  test('a continuation does not see another: its log-probabilities do not depend on its neighbours', async () => {
    const first = await policy.logProbabilities({ prompts: [prompts[0]!, prompts[0]!], responses: [tokens(9, 5), tokens(9, 6)] }, null);
    const second = await policy.logProbabilities({ prompts: [prompts[0]!, prompts[0]!], responses: [tokens(9, 7), tokens(9, 6)] }, null);
    expect(largestDifference(first[1]!, second[1]!)).toBe(0);
    expect(largestDifference(first[0]!, second[0]!)).toBeGreaterThan(0.1);
  });

  test('gradients summed over micro-batches are those of the whole batch, and extra parameters are trained beside the adapter', async () => {
    type Extra = { readonly weight: tf.Tensor2D };
    const weight: HostTensor = { data: Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)), shape: [64, 1], dtype: 'float32' };
    const columns = { target: responses.map(({ length }) => new Float32Array(length).fill(0.5)) };
    const whole = { ...batch, columns, scalars: { count: 32 } };
    const half = (rows: readonly number[]) => ({
      prompts: rows.map((row) => prompts[row]!),
      responses: rows.map((row) => responses[row]!),
      temperature: 0.8,
      columns: { target: rows.map((row) => columns.target[row]!) },
      scalars: { count: 32 },
    });
    const results = [];
    for (const microBatches of [[whole], [half([0, 2, 4]), half([1, 3, 5])]]) {
      roughen(policy, 'trained');
      policy.adapters.activate('trained');
      const step = await policy.compileStep<Extra>(
        ({ logProbs, hidden }, { mask, columns: { target }, scalars: { count } }, extra) => {
          const [rows, length, width] = hidden.shape;
          const value = tf.reshape(tf.matMul(tf.reshape(hidden, [rows * length, width]), extra.weight), [rows, length]);
          const errors = tf.mul(tf.square(tf.sub(value, target!)), mask);
          return {
            loss: tf.div(tf.sub(tf.sum(errors), tf.sum(logProbs)), count!).asScalar(),
            metrics: { errors: tf.sum(errors).asScalar() },
            maxima: { most: tf.max(errors).asScalar() },
          };
        },
        sgd({ learningRate: 0.01 }),
        { weight },
      );
      results.push({ ...(await step.run(microBatches)), weight: step.extra().weight.data, adapter: policy.adapters.get('trained') });
      await step.dispose();
    }
    const [one, two] = results;
    expect(two!.metrics['errors']).toBeCloseTo(one!.metrics['errors']!, 2);
    expect(two!.metrics['most']).toBeCloseTo(one!.metrics['most']!, 3);
    expect(two!.gradientNorm / one!.gradientNorm).toBeCloseTo(1, 5);
    expect(largestDifference(one!.weight, two!.weight)).toBeLessThan(1e-5);
    expect(largestDifference(one!.weight, weight.data)).toBeGreaterThan(1e-3);
    for (const [path, { b }] of one!.adapter.tensors)
      expect(largestDifference(b.data, two!.adapter.tensors.get(path)!.b.data)).toBeLessThan(1e-5);
    policy.adapters.activate('rough');
    policy.adapters.delete('trained');
  });

  test('a skipped update changes neither adapter nor state, and a run goes on from exported state as if it had not stopped', async () => {
    const loss = ({ logProbs }: { logProbs: tf.Tensor2D }) => ({ loss: tf.neg(tf.sum(logProbs)).asScalar(), metrics: {} });
    const begin = policy.adapters.get('rough');
    const step = await policy.compileStep<Record<string, never>>(loss, adam({ learningRate: 0.01 }), {});
    const before = step.exportState();
    const skipped = await step.run([batch], { skip: () => true });
    expect(skipped.skipped).toBe(true);
    expect(step.exportState()).toEqual(before);
    expect(policy.adapters.get('rough')).toBe(begin);

    await step.run([batch]);
    const [saved, adapter] = [step.exportState(), policy.adapters.get('rough')];
    const { metrics } = await step.run([batch], { learningRate: 0.02 });
    const after = policy.adapters.get('rough');

    const resumed = await policy.compileStep<Record<string, never>>(loss, adam({ learningRate: 0.01 }), {});
    policy.adapters.set('rough', adapter);
    resumed.importState(saved);
    expect((await resumed.run([batch], { learningRate: 0.02 })).metrics).toEqual(metrics);
    expect(policy.adapters.get('rough')).toEqual(after);
    expect(() => resumed.importState({})).toThrow(expect.objectContaining({ code: 'STEP_STATE' }));
    policy.adapters.set('rough', begin);
    await Promise.all([step.dispose(), resumed.dispose()]);
  });

  test('a loss that is not finite leaves everything as it was', async () => {
    const begin = policy.adapters.get('rough');
    const step = await policy.compileStep<Record<string, never>>(
      ({ logProbs }) => ({ loss: tf.sum(tf.log(tf.mul(logProbs, 0))).asScalar(), metrics: {} }),
      sgd({ learningRate: 1 }),
      {},
    );
    expect((await step.run([batch])).skipped).toBe(true);
    expect(policy.adapters.get('rough')).toBe(begin);
    await step.dispose();
  });

  test('shapes that do not fit are refused by name', async () => {
    const refuse = (wrong: Parameters<CausalLM['logProbabilities']>[0], code: string): Promise<void> =>
      expect(policy.logProbabilities(wrong, null)).rejects.toMatchObject({ code });
    await refuse({ prompts: [[1]], responses: [[]] }, 'POLICY_EMPTY_ROW');
    await refuse({ prompts: [[]], responses: [[3]] }, 'POLICY_EMPTY_ROW');
    await refuse({ prompts: [[1, 512]], responses: [[3]] }, 'POLICY_TOKEN_RANGE');
    await refuse({ prompts: [[1]], responses: [[3], [4]] }, 'POLICY_ROW_COUNT');
    await refuse({ prompts: [tokens(500, 1)], responses: [tokens(20, 1)] }, 'POLICY_TOO_LONG');
    await refuse({ prompts: [[1]], responses: [[3]], temperature: 0 }, 'POLICY_TEMPERATURE');
    for (const pair of [[0, 1], [-1, 0], [0.5, 0], [0, 0]] as const)
      await refuse({ prompts: [[1]], responses: [[3]], pairs: [pair] }, 'POLICY_PAIR'); // prettier-ignore
    await refuse({ prompts: [[1]], responses: [[3]], columns: { a: [new Float32Array(2)] } }, 'POLICY_ROW_COUNT');
    await expect(policy.logProbabilities(batch, 'nobody')).rejects.toMatchObject({ code: 'ADAPTER_UNKNOWN' });
  });
});
