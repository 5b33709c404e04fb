import fc from 'fast-check';
import { expect, test } from 'vitest';
import { counterfactualReward, type ClickPredictor, type RewardRows } from '../src/index.js';
import { rowsOf } from './rows.js';

/** A model that listens to the text alone: its digit / 10. */
const listening: ClickPredictor = ({ read }) => Promise.resolve(read.map((text) => Number(/\d/u.exec(text)?.[0] ?? 0) / 10));
const said = (read: string[], user: number[], label = read.map(() => 1)): RewardRows => rowsOf({ label, read, user });

test('pays by how far the prediction lies from that with other users’ explanations, towards the label or in either direction', async () => {
  const rows = said(['9', '1', '5'], [0, 1, 2], [1, 1, 0]);
  const earned = await counterfactualReward({ predictClick: listening })(rows);
  [0.9 - 0.3, 0.1 - 0.7, -(0.5 - 0.5)].forEach((value, row) => expect(earned[row]).toBeCloseTo(value, 12));
  const any = await counterfactualReward({ predictClick: listening, direction: 'any' })(rows);
  [0.6, 0.6, 0].forEach((value, row) => expect(any[row]).toBeCloseTo(value, 12));
});

test('asks about each row’s own item and history, with the other’s text; those about the same item come first', async () => {
  const asked: RewardRows[] = [];
  const reward = counterfactualReward({ predictClick: (rows) => (asked.push(rows), listening(rows)), others: 1 });
  const item = (title: string) => ({ title, attributes: {} });
  await reward({ ...said(['1', '2', '3', '4'], [0, 0, 1, 2]), item: [item('a'), item('b'), item('b'), item('a')] });
  expect(asked[1]).toMatchObject({
    length: 4,
    interactionId: [0, 1, 2, 3],
    item: [item('a'), item('b'), item('b'), item('a')],
    read: ['4', '3', '2', '1'],
    user: [0, 0, 1, 2],
  });
});

test('does not apply where the batch has no other user; an empty explanation gets the least, and is nobody’s exchange', async () => {
  const alone = said(['9', '1'], [3, 3]);
  expect(await counterfactualReward({ predictClick: listening })(alone)).toEqual([null, null]);
  const emptied = said(['9', ' '], [0, 1]);
  expect(await counterfactualReward({ predictClick: listening })(emptied)).toEqual([null, -1]);
  expect(await counterfactualReward({ predictClick: listening, direction: 'any' })(emptied)).toEqual([null, 0]);
});

test('refuses rows without users, predictions of another length, and no exchange at all', async () => {
  const { user: _, ...rows } = said(['9', '1'], [0, 1]);
  const reward = counterfactualReward({ predictClick: listening });
  await expect(reward(rows)).rejects.toMatchObject({ code: 'REWARD_COLUMN_MISSING' });
  const short = counterfactualReward({ predictClick: () => Promise.resolve([0.5]) });
  await expect(short(said(['9', '1'], [0, 1]))).rejects.toMatchObject({ code: 'REWARD_LENGTH_MISMATCH' });
  for (const bad of [{ others: 0 }, { direction: 'labels' as 'label' }])
    expect(() => counterfactualReward({ predictClick: listening, ...bad })).toThrow(expect.objectContaining({ code: 'REWARD_OPTION' }));
});

test('a model that does not listen to explanations pays nobody, and turning labels around turns the sign', async () => {
  const batch = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(batch, async (drawn) => {
      const [texts, users] = [drawn.map(([digit]) => String(digit)), drawn.map(([, user]) => user)];
      const deaf = counterfactualReward({ predictClick: ({ length }) => Promise.resolve(new Float64Array(length).fill(0.25)) });
      for (const value of await deaf(said(texts, users))) expect(value ?? 0).toBeCloseTo(0, 12);
      const reward = counterfactualReward({ predictClick: listening });
      const [chosen, not] = [
        await reward(said(texts, users)),
        await reward(
          said(
            texts,
            users,
            users.map(() => 0),
          ),
        ),
      ];
      chosen.forEach((value, row) => {
        if (value === null) expect(not[row]).toBeNull();
        else expect(value + not[row]!).toBeCloseTo(0, 12);
      });
    }),
  );
});
