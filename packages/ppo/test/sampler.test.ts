import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Completion, Sampler } from '@expctr/language-model';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { bigramPolicy } from './bigram-policy.js';
import { column, disturb, learnerOf, shareOf, spied, updates, type TestConfig } from './helpers.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** A sampler on a machine of its own: it has the adapter that it last loaded from a folder, and takes at most `loads` of them. */
function remote({ loads = Infinity, named = true }: { loads?: number; named?: boolean } = {}) {
  const model = bigramPolicy();
  const published: { folder: string; version: string }[] = [];
  let loaded: string | undefined;
  const sampler: Sampler = {
    async publish(folder, version) {
      published.push({ folder, version });
      if (published.length > loads) return;
      await model.adapters.load(folder, 'default');
      loaded = version;
    },
    async generate(prompts, options) {
      const completions = await model.generate(prompts, options);
      return named ? completions.map((each): Completion => ({ ...each, version: loaded! })) : completions;
    },
  };
  return { sampler, model, published };
}

test('a sampler that takes what is published trains the policy to the same bits as the policy itself', async () => {
  const alone = bigramPolicy();
  const expected = await updates((await learnerOf(alone)).ppo, 3);

  const policy = bigramPolicy();
  const { sampler, model, published } = remote();
  const { ppo } = await learnerOf(policy, {}, { sampler });
  expect(await updates(ppo, 3)).toEqual(expected);
  expect(policy.adapters.get('default')).toEqual(alone.adapters.get('default'));
  expect(policy.calls.generate).toEqual([]);
  expect(model.calls.generate.map((options) => options.adapter)).toEqual([undefined, undefined, undefined]); // the published one
  expect(new Set(published.map(({ version }) => version)).size).toBe(3);
});

test('a stale sampler is refused before anything is learned from it, and so is one that names no version', async () => {
  const policy = bigramPolicy();
  const { ppo } = await learnerOf(policy, {}, { sampler: remote({ loads: 1 }).sampler });
  await updates(ppo, 1);
  const before = policy.adapters.get('default');
  await expect(updates(ppo, 1, shareOf(5), 1)).rejects.toMatchObject({ code: 'PPO_STALE', where: 'sampler.generate' });
  expect(policy.adapters.get('default')).toEqual(before);

  const { ppo: unnamed } = await learnerOf(bigramPolicy(), {}, { sampler: remote({ named: false }).sampler });
  await expect(updates(unnamed, 1)).rejects.toMatchObject({ code: 'PPO_STALE' });
});

test('completions of an older version are taken up to maxStaleness, whose files stay, and logged', async () => {
  const policy = bigramPolicy();
  const { sampler, published } = remote({ loads: 1 });
  const { ppo } = await learnerOf(policy, { maxStaleness: 1, samplerCorrection: 'token' }, { sampler });
  const fresh = await updates(ppo, 1);
  expect(fresh.metrics['sampler/staleness']).toBe(0);
  const { metrics } = await updates(ppo, 1, shareOf(5), 1);
  expect(metrics['sampler/staleness']).toBe(1);
  expect(metrics['sampler/kl']).toBeGreaterThan(0); // the policy has moved on
  expect(published.map(({ folder }) => existsSync(folder))).toEqual([true, true]);
  const refused = updates(ppo, 1, shareOf(5), 2);
  await expect(refused).rejects.toThrow(/just published.*maxStaleness/);
  expect(published.map(({ folder }) => existsSync(folder))).toEqual([false, true, true]);
  await ppo.dispose();
  expect(published.some(({ folder }) => existsSync(folder))).toBe(false);
});

test('version names are never used again, also by the learner that resumes a run, and files are removed', async () => {
  const given = await mkdtemp(join(tmpdir(), 'ppo-test-'));
  const { sampler, published } = remote();
  for (const publishFolder of [given, undefined]) {
    const { ppo } = await learnerOf(bigramPolicy(), {}, { sampler, ...(publishFolder === undefined ? {} : { publishFolder }) });
    await updates(ppo, 2);
    const parent = dirname(published.at(-1)!.folder);
    expect(await readdir(parent)).toHaveLength(1); // the newest only
    expect(parent === given).toBe(publishFolder !== undefined);
    await ppo.dispose();
    expect(existsSync(parent)).toBe(publishFolder !== undefined);
  }
  expect(await readdir(given)).toEqual([]);
  expect(new Set(published.map(({ version }) => version)).size).toBe(4);
  await rm(given, { recursive: true });
});

test("old log-probabilities are the policy's, whatever the sampler says of its own, and the difference is logged", async () => {
  const policy = bigramPolicy();
  const coarse: Sampler = {
    generate: async (prompts, options) =>
      (await policy.generate(prompts, options)).map((each) => ({ ...each, logProbs: each.logProbs.map((value) => value - 0.5) })),
  };
  const { policy: watched, steps } = spied(policy);
  const { ppo } = await learnerOf(watched, {}, { sampler: coarse });
  const { metrics } = await updates(ppo, 1);
  expect(policy.calls.generate[0]).toMatchObject({ adapter: 'default' }); // it shares the policy's adapters
  expect(metrics['sampler/logprob_mismatch']).toBeCloseTo(0.5, 5);
  expect(metrics['val/first_log_ratio']).toBe(0);
  const { prompts, responses } = steps[0]!.batches[0]!;
  const [expected] = await bigramPolicy().logProbabilities({ prompts: [prompts[0]!], responses: [responses[0]!] }, null);
  column(steps[0]!, 'oldLogProbs')[0]!.forEach((value, t) => expect(value).toBeCloseTo(expected![t]!, 5));
});

test("by oldLogProbs 'sampler' no pass asks the policy, the result is the same, and another sampler is warned of or refused", async () => {
  const run = async (config: TestConfig, said: (logProb: number) => number = (logProb) => logProb) => {
    const policy = bigramPolicy();
    disturb(policy);
    policy.adapters.copy('default', 'other');
    const sampler: Sampler = {
      generate: async (prompts, options) =>
        (await policy.generate(prompts, options)).map((each) => ({ ...each, logProbs: each.logProbs.map(said) })),
    };
    const settings = { epochs: 2, beta: 0.1, learningRate: 0.05, ...config };
    const { ppo, warnings } = await learnerOf(policy, settings, { algorithm: 'rloo', sampler, reference: { adapter: 'other' } });
    const { metrics } = await updates(ppo, 2);
    const passes = policy.calls.score.map(({ adapter }) => adapter);
    return { metrics, adapter: policy.adapters.get('default'), passes: new Set(passes), codes: warnings.map(({ code }) => code) };
  };
  const [asked, saved] = [await run({}), await run({ oldLogProbs: 'sampler' })];
  expect([...asked.passes].sort()).toEqual(['default', 'other']);
  expect([...saved.passes]).toEqual(['other']);
  saved.adapter.forEach((value, i) => expect(value).toBeCloseTo(asked.adapter[i]!, 5));
  expect(saved.metrics['objective/kl']).toBeCloseTo(asked.metrics['objective/kl']!, 5);
  expect([...asked.codes, ...saved.codes]).toEqual([]);

  const shifted = await run({ oldLogProbs: 'sampler' }, (logProb) => logProb - 0.5);
  expect(shifted.metrics['val/first_log_ratio']).toBeCloseTo(0.5, 4);
  expect(shifted.codes).toEqual(['PPO_RATIO_NOT_ONE', 'PPO_RATIO_NOT_ONE']);
  await expect(run({ oldLogProbs: 'sampler' }, () => NaN)).rejects.toMatchObject({ code: 'PPO_SAMPLER_LOG_PROBS' });
  await expect(run({ oldLogProbs: 'sampler', samplerCorrection: 'token' })).rejects.toMatchObject({ where: 'oldLogProbs' });

  const policy = bigramPolicy(); // ppo, whose values need the pass, takes the sampler's word, too
  const { metrics } = await updates((await learnerOf(policy, { oldLogProbs: 'sampler' })).ppo, 1);
  expect(metrics['val/first_log_ratio']).toBeLessThan(1e-5);
});
