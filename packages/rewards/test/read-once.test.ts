import type { ItemText } from '@expctr/data';
import { expect, test } from 'vitest';
import { combine, lcAlignment, readOnce, siblingAlignment, type ReaderRows } from '../src/index.js';
import { rowsOf } from './rows.js';

const item = (title: string): ItemText => ({ title, attributes: {} });
const counting = () => {
  const calls: string[][] = [];
  const read = (rows: ReaderRows): Promise<number[]> => {
    calls.push(rows.read.map((text, row) => `${rows.item[row]!.title} ${text}`));
    return Promise.resolve(rows.read.map((text) => (text === 'good' ? 0.9 : 0.2)));
  };
  return { calls, read };
};

test('a text about an item is read once, however many rewards ask, and again when what was read is forgotten', async () => {
  const { calls, read } = counting();
  const reader = readOnce(read, { withHistory: false });
  const rows = rowsOf({ label: [1, 0, 1], read: ['good', 'bad', 'good'], item: [item('a'), item('b'), item('a')] });
  const mine = async () => reader.read({ length: 2, item: [item('b'), item('c')], read: ['bad', 'new'] });
  const siblings = () => [{ item: item('a'), label: 1 }];
  const reward = combine([
    { name: 'lc', weight: 1, reward: lcAlignment({ read: reader.read }) },
    { name: 'siblings', weight: 1, reward: siblingAlignment({ read: reader.read, siblings }) },
    { name: 'mine', weight: 1, reward: async () => [...Array.from(await mine()), 0] },
  ]);
  const { components } = await reward(rows);
  expect(calls).toEqual([['a good', 'b bad'], ['a bad'], ['c new']]);
  expect(components['mine']).toEqual([0.2, 0.2, 0]);
  const alone = await lcAlignment({ read })(rows);
  expect(components['lc']).toEqual(Array.from(alone.values));
  reader.forget();
  await reader.read(rows);
  expect(calls.at(-1)).toEqual(['a good', 'b bad']);
});

test('where the template repeats the history, other histories are other questions', async () => {
  const [withHistory, without] = [counting(), counting()];
  const rows = {
    length: 3,
    item: [item('a'), item('a'), item('a')],
    read: ['good', 'good', 'good'],
    history: [
      { liked: [item('x')], disliked: [] },
      { liked: [], disliked: [] },
      { liked: [item('x')], disliked: [] },
    ],
  };
  await readOnce(withHistory.read, { withHistory: true }).read(rows);
  await readOnce(without.read, { withHistory: false }).read(rows);
  expect([withHistory.calls, without.calls].map((calls) => calls.map(({ length }) => length))).toEqual([[2], [1]]);
});

test('two that ask at once read once, and a failure is asked again', async () => {
  const { calls, read } = counting();
  const reader = readOnce(read, { withHistory: false });
  const rows = { length: 1, item: [item('a')], read: ['good'] };
  expect(await Promise.all([reader.read(rows), reader.read(rows)])).toEqual([new Float64Array([0.9]), new Float64Array([0.9])]);
  expect(calls.length).toBe(1);
  let broken = true;
  const failing = readOnce((asked) => (broken ? Promise.reject(new Error('out of memory')) : read(asked)), { withHistory: false });
  await expect(failing.read(rows)).rejects.toThrow('out of memory');
  broken = false;
  expect(await failing.read(rows)).toEqual(new Float64Array([0.9]));
  const short = readOnce(() => Promise.resolve([]), { withHistory: false });
  await expect(short.read(rows)).rejects.toMatchObject({ code: 'REWARD_LENGTH_MISMATCH' });
});
