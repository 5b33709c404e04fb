import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatReward, lengthReward } from '../src/index.js';
import { rowsOf } from './rows.js';

const label = [1];

test('length: a trapezoid that rises to the minimum, stays, and falls to the limit', async () => {
  const reward = lengthReward({ minimum: 10, maximum: 20, limit: 40 });
  const at = async (tokens: number) => (await reward(rowsOf({ label, tokenCount: [tokens] })))[0];
  expect(await Promise.all([0, 5, 10, 20, 30, 40, 99].map(at))).toEqual([0, 0.5, 1, 1, 0.5, 0, 0]);
});

test('length and format stay in [0, 1], whatever was generated', async () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('Yes Yes Yes Yes Yes Yes'));
  await fc.assert(
    fc.asyncProperty(
      text,
      text,
      fc.nat({ max: 500 }),
      fc.constantFrom('stop' as const, 'length' as const),
      async (explanation, read, tokens, reason) => {
        const rows = rowsOf({ label, explanation: [explanation], read: [read], tokenCount: [tokens], finishReason: [reason] });
        for (const reward of [lengthReward({ minimum: 5, maximum: 60 }), formatReward]) {
          const [value] = Array.from(await reward(rows));
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
      },
    ),
  );
});

test('length and format give nothing for an explanation left empty', async () => {
  const rows = rowsOf({ label, explanation: ['The user will love it.'], read: [''] });
  expect(Array.from(await lengthReward({ minimum: 5, maximum: 60 })(rows))).toEqual([0]);
  expect(Array.from(await formatReward(rows))).toEqual([0]);
});

test('format: running out of room, text that nobody reads, and loops each cost', async () => {
  const good = 'The user has enjoyed other slow dramas about grief.';
  const of = async (columns: { explanation?: string; read?: string; finishReason?: 'stop' | 'length' }) => {
    const { explanation = good, read = good, finishReason = 'stop' } = columns;
    return (
      Array.from(await formatReward(rowsOf({ label, explanation: [explanation], read: [read], finishReason: [finishReason] })))[0] ?? 0
    );
  };
  expect(await of({})).toBe(1);
  expect(await of({ finishReason: 'length' })).toBeCloseTo(2 / 3, 12);
  expect(await of({ explanation: `${good} Does the user like it? Yes` })).toBeLessThan(1);
  const loop = 'slow dramas and slow dramas and slow dramas and slow dramas and';
  expect(await of({ explanation: loop, read: loop })).toBeLessThan(0.8);
});

test('length refuses bounds that make no trapezoid', () => {
  for (const bounds of [
    { minimum: 0, maximum: 5 },
    { minimum: 6, maximum: 5 },
    { minimum: 1, maximum: 5, limit: 5 },
  ]) {
    expect(() => lengthReward(bounds)).toThrow(expect.objectContaining({ code: 'REWARD_OPTION' }));
  }
});
