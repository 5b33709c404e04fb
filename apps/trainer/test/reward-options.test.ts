import { z } from 'zod';
import { expect, test } from 'vitest';
import type { Reward } from '@expctr/rewards';
import { checkRewards } from '../src/checks/check-rewards.js';
import { resolveConfig } from '../src/config/resolve.js';

const checked = async (...sets: string[]): Promise<void> => {
  const { config, registry } = await resolveConfig({ sets });
  checkRewards(config, registry);
};

test('a weight is a number or changes over updates, and both are kept as they are', async () => {
  const { config } = await resolveConfig({ sets: ['rewards.stage1.lc={"from":1,"to":0.5,"updates":20}', 'rewards.stage3.lc=0.25'] });
  expect(config.rewards.stage1['lc']).toEqual({ from: 1, to: 0.5, updates: 20, shape: 'linear' });
  expect(config.rewards.stage3).toMatchObject({ lc: 0.25, ic: 1 });
  expect(config.rewards).toMatchObject({ normalize: 'none', timeoutSeconds: 3600, onAllNull: 'stop' });
});

test.each([
  ['a negative weight', 'rewards.stage1.lc=-1', 'rewards.stage1.lc'],
  ['a schedule without an end', 'rewards.stage1.lc={"from":1,"to":0}', 'rewards.stage1.lc'],
  ['a schedule with more than there is', 'rewards.stage1.lc={"from":1,"to":0,"updates":5,"upto":3}', 'rewards.stage1.lc'],
  ['a schedule into the negative', 'rewards.stage1.lc={"from":1,"to":-1,"updates":5}', 'rewards.stage1.lc'],
  ['an unknown normalization', 'rewards.normalize=rank', 'rewards.normalize'],
  ['no time at all', 'rewards.timeoutSeconds=0', 'rewards.timeoutSeconds'],
  ['a secret in the place of a variable', 'rewards.http.headers={"Authorization":"Bearer x"}', 'rewards.http.headers'],
])('%s is refused by its name', async (_, set, where) => {
  const error: unknown = expect.objectContaining({
    where: expect.stringContaining(where) as string,
    what: expect.not.stringMatching(/^Invalid input/u) as string,
  });
  await expect(resolveConfig({ sets: [set] })).rejects.toThrow(error);
});

test('what could only be seen after hours is found before anything is read', async () => {
  await checked('rewards.stage1.lc={"from":1,"to":0,"updates":1000}'); // stage 1 has fewer updates
  await expect(checked('rewards.stage1.lc={"from":1,"to":0,"updates":50}')).rejects.toMatchObject({
    code: 'CONFIG_NO_REWARD',
    what: 'no reward has a weight at update 51 of 100, so there is nothing to learn from',
  });
  await expect(checked('rewards.stage1.http=1')).rejects.toMatchObject({
    code: 'CONFIG_REWARD',
    where: 'rewards.stage1.http',
    remedy: expect.stringContaining('rewards.http.url=') as string,
  });
  await expect(checked('rewards.stage1.counterfactual={"from":0,"to":1,"updates":50}')).rejects.toMatchObject({
    code: 'CONFIG_REWARD',
    what: expect.stringContaining('before stage 2') as string,
  });
  await checked(
    'rewards.stage1.http=1',
    'rewards.http.url="http://127.0.0.1:1/"',
    'rewards.stage3.counterfactual=1',
    'rewards.normalize=group',
  );
});

test('a reward cannot be called as an option for all rewards', async () => {
  const named: Reward = { name: 'normalize', description: 'x', options: z.object({}), create: () => () => Promise.resolve([]) };
  await expect(resolveConfig({ plugins: [{ name: 'mine', rewards: [named] }] })).rejects.toMatchObject({ code: 'PLUGIN_CLASH' });
});
