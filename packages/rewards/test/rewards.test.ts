import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  alignment,
  findReward,
  icAlignment,
  isEmptyExplanation,
  lengthReward,
  rewards,
  type Reward,
  type RewardContext,
  type RewardFunction,
} from '../src/index.js';
import { rowsOf } from './rows.js';

const constant =
  (...p: number[]) =>
  () =>
    Promise.resolve(p);
const item = { title: '', attributes: {} };
const context: RewardContext = {
  stage: 'stage3',
  read: ({ length }) => Promise.resolve(new Float64Array(length).fill(0.75)),
  clicks: { predict: constant(0.5, 0.5), predictAtMean: constant(0.25, 0.25), teacher: constant(1, 0.5) },
  siblings: (id, perAttribute) => Array.from({ length: id * perAttribute }, () => ({ item, label: 1 })),
  maxNewTokens: 20,
  items: () => [item],
  examplePrompt: () => 'Why did they choose it?',
  environment: () => undefined,
};
const rows = rowsOf({ label: [1, 0], tokenCount: [3, 30] });
const valuesOf = async (reward: RewardFunction): Promise<(number | null)[]> => {
  const given = await reward(rows);
  return Array.from('figures' in given ? given.values : given);
};
const options = (given: Record<string, unknown>, { options: schema }: Reward) => schema.parse(given);

test('every reward is called as its line in the table, and describes itself and its options, each with a default', () => {
  for (const [name, reward] of Object.entries<Reward>(rewards)) {
    expect(reward.name).toBe(name);
    expect(reward.description).not.toBe('');
    expect(findReward(name)).toBe(reward);
    expect(() => reward.options.parse({})).not.toThrow();
    for (const [option, field] of Object.entries(reward.options.shape)) expect((field as z.ZodType).description, option).toBeTruthy();
  }
});

test('lc, siblings and format ask the context what they ask', async () => {
  expect(await valuesOf(rewards.lc.create(context, { form: 'linear' }))).toEqual([0.75, 0.25]);
  const byId = findReward('siblings').create(context, options({}, rewards.siblings));
  expect(await valuesOf(byId)).toEqual([null, 1 - 0.25 ** 2]); // row 0 has no siblings
  expect(await valuesOf(rewards.format.create(context, {}))).toEqual([1, 1]);
});

test('siblings asks for as many items as its option says', () => {
  const asked: number[] = [];
  const reward = rewards.siblings.create({ ...context, siblings: (_, count) => (asked.push(count), []) }, { form: 'brier', items: 7 });
  return reward(rows).then(() => expect(asked).toEqual([7, 7]));
});

test('ic takes label or teacher, absolute or difference, from the CTR models of the context', async () => {
  const of = (more: object) => valuesOf(rewards.ic.create(context, rewards.ic.options.parse(more)));
  expect(await of({})).toEqual(Array.from(alignment('brier', [0.5, 0.5], [1, 0])));
  expect(await of({ target: 'teacher', form: 'linear' })).toEqual([0.5, 1]);
  const difference = icAlignment({ predictClick: constant(0.5, 0.5), predictWithMean: constant(0.25, 0.25), mode: 'difference' });
  expect(await of({ mode: 'difference' })).toEqual(await valuesOf(difference));
});

test('ic without a CTR model says what to do about it, and with a teacher that was not fitted, that there is none', () => {
  const make = (given: Partial<RewardContext>, more: object) => () =>
    rewards.ic.create({ ...context, ...given }, rewards.ic.options.parse(more));
  expect(make({ clicks: null, stage: 'stage1' }, {})).toThrow(
    expect.objectContaining({
      code: 'REWARD_NEEDS_CLICK_MODEL',
      where: 'stage1',
      remedy: 'give it weight 0 in stage 1',
      message: expect.stringContaining("'ic'") as string,
    }),
  );
  expect(make({ clicks: { ...context.clicks!, teacher: null } }, { target: 'teacher' })).toThrow(
    expect.objectContaining({ code: 'REWARD_OPTION' }),
  );
  expect(make({ clicks: { ...context.clicks!, teacher: null } }, {})).not.toThrow();
});

test('length stands, unless told otherwise, between a quarter and the whole of the most tokens, and ends at twice that', async () => {
  const made = await valuesOf(findReward('length').create(context, options({}, rewards.length)));
  expect(made).toEqual(await valuesOf(lengthReward({ minimum: 5, maximum: 20, limit: 40 })));
  expect(made).toEqual([3 / 5, 0.5]);
  const own = findReward('length').create(context, options({ minimum: 2, maximum: 3, limit: 33 }, rewards.length));
  expect(await valuesOf(own)).toEqual([1, 0.1]);
  expect(() => findReward('length').create(context, options({ maximum: 4 }, rewards.length))).toThrow(
    expect.objectContaining({ code: 'REWARD_OPTION' }),
  );
});

test('a reward of one’s own is found by its name, and an unknown one is refused with the list', async () => {
  const mentions = z.object({ word: z.string().default('drama').describe('the word') });
  const own: Reward<z.output<typeof mentions>> = {
    name: 'mentions',
    description: 'says a word',
    options: mentions,
    create:
      (_, { word }) =>
      ({ length, read, ...more }) =>
        Promise.resolve(
          read.map((text, row) => (isEmptyExplanation({ read, ...more }, row) ? null : Number(text.includes(word)))).slice(0, length),
        ),
  };
  const found = findReward('mentions', [own]);
  expect(await valuesOf(found.create(context, found.options.parse({})))).toEqual([1, 1]);
  expect(() => findReward('mentions')).toThrow(
    expect.objectContaining({ code: 'REWARD_UNKNOWN', expected: `one of ${Object.keys(rewards).join(', ')}` }),
  );
});
