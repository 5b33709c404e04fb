import { ExpctrError } from '@expctr/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  combine,
  normalize,
  RewardError,
  rewardFigures,
  weightAt,
  weightlessUpdate,
  weightOption,
  withinPromptCorrelation,
  type RewardFunction,
  type WeightSchedule,
} from '../src/index.js';
import { rowsOf } from './rows.js';

const fixed =
  (values: readonly (number | null)[]): RewardFunction =>
  () =>
    Promise.resolve(values);
const rows = rowsOf({ label: [1, 0, 1, 0], prompt: [0, 0, 1, 1] });
const code = (name: string): Error => expect.objectContaining({ code: name }) as Error;

describe('weights', () => {
  const rise: WeightSchedule = { from: 0, to: 1, updates: 4 };

  test('go from one end to the other in equal steps, or at once, and stay there', () => {
    expect([0, 1, 2, 3, 4, 5].map((update) => weightAt(rise, update))).toEqual([0, 0.25, 0.5, 0.75, 1, 1]);
    expect([0, 3, 4].map((update) => weightAt({ ...rise, shape: 'step' }, update))).toEqual([0, 0, 1]);
    expect(weightAt(2, 99)).toBe(2);
  });

  test('are those of the update in the total, and stand beside it', async () => {
    const reward = combine([
      { name: 'a', weight: 1, reward: fixed([1, 1, 1, null]) },
      { name: 'b', weight: rise, reward: fixed([2, 0, null, null]) },
    ]);
    expect((await reward(rows)).total).toEqual([1, 1, 1, null]);
    const { total, weights, components } = await reward(rows, 2);
    expect(weights).toEqual({ a: 1, b: 0.5 });
    expect(total).toEqual([2, 1, 1.5, null]);
    expect(components['b']).toEqual([2, 0, null, null]);
  });

  test('an update at which nothing weighs is found beforehand, and refused', async () => {
    await expect(combine([{ name: 'b', weight: rise, reward: fixed([1, 1, 1, 1]) }])(rows)).rejects.toThrow(
      /no reward has a weight at update 0/,
    );
    const schedule = fc.record({
      from: fc.constantFrom(0, 1),
      to: fc.constantFrom(0, 1),
      updates: fc.integer({ min: 1, max: 6 }),
      shape: fc.constantFrom('linear' as const, 'step' as const),
    });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(0, 1), schedule), { maxLength: 4 }),
        fc.integer({ min: 1, max: 9 }),
        (weights, updates) => {
          const found = Array.from({ length: updates }, (_, at) => at).find((at) => weights.every((weight) => weightAt(weight, at) === 0));
          expect(weightlessUpdate(weights, updates)).toBe(found ?? null);
        },
      ),
    );
  });

  test('that are none are refused', () => {
    const reward = fixed([]);
    for (const weight of [{ ...rise, to: -1 }, { ...rise, from: NaN }, { ...rise, updates: 0 }, { ...rise, to: 0 }, NaN])
      expect(() => combine([{ name: 'a', weight, reward }])).toThrow(code('REWARD_OPTION'));
    expect(weightOption.parse(rise)).toEqual({ ...rise, shape: 'linear' });
    for (const bad of [-1, 1e7, '1', { from: 0, to: 1 }, { ...rise, upto: 3 }, { ...rise, from: -1 }])
      expect(weightOption.safeParse(bad).success).toBe(false);
  });
});

describe('normalization', () => {
  test('gives each component mean 0 and deviation 1 where it applies, over the batch or over each prompt', () => {
    expect(normalize([1, 3, null, 5], 'none', rows)).toEqual([1, 3, null, 5]);
    const batch = normalize([1, 3, null, 5], 'batch', rows);
    [-1, 0, null, 1].forEach((value, row) => (value === null ? expect(batch[row]).toBeNull() : expect(batch[row]).toBeCloseTo(value, 3)));
    const group = normalize([1, 3, 7, null], 'group', rows);
    [-Math.SQRT1_2, Math.SQRT1_2, 0].forEach((value, row) => expect(group[row]).toBeCloseTo(value, 3)); // one alone says nothing
    expect(group[3]).toBeNull();
    expect(normalize([2, 2, 5, 5], 'group', rows)).toEqual([0, 0, 0, 0]);
  });

  test('so scale and offset of a reward change nothing, and its order stays', async () => {
    const value = fc.option(fc.integer({ min: -9, max: 9 }), { nil: null });
    const kind = fc.constantFrom('batch' as const, 'group' as const);
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { minLength: 4, maxLength: 4 }),
        kind,
        fc.integer({ min: 2, max: 50 }),
        async (values, within, scale) => {
          const of = async (each: readonly (number | null)[]) =>
            (await combine([{ name: 'a', weight: 2, reward: fixed(each) }], { normalize: within })(rows)).total;
          const [plain, scaled] = [await of(values), await of(values.map((each) => (each === null ? null : scale * each - 7)))];
          plain.forEach((each, row) => {
            if (each === null) expect(scaled[row]).toBeNull();
            else expect(scaled[row]).toBeCloseTo(each, 2);
          });
          const sum = plain.reduce<number>((all, each) => all + (each ?? 0), 0);
          expect(sum).toBeCloseTo(0, 9);
        },
      ),
    );
  });

  test('comes before weights, leaves components as they are, and a null in one leaves the row to the other', async () => {
    const parts = [
      { name: 'small', weight: 1, reward: fixed([0.1, 0.3, 0.2, 0.2]) },
      { name: 'large', weight: 1, reward: fixed([300, 100, null, null]) },
    ];
    const { total, components } = await combine(parts, { normalize: 'group' })(rows);
    [0, 0, 0, 0].forEach((value, row) => expect(total[row]).toBeCloseTo(value, 2)); // the two undo one another
    expect(components).toEqual({ small: [0.1, 0.3, 0.2, 0.2], large: [300, 100, null, null] });
  });
});

test('options that are none are refused', () => {
  const parts = [{ name: 'a', weight: 1, reward: fixed([]) }];
  for (const bad of [{ normalize: 'rank' as 'group' }, { timeoutSeconds: 0 }, { timeoutSeconds: NaN }, { timeoutSeconds: 1e9 }])
    expect(() => combine(parts, bad)).toThrow(code('REWARD_OPTION'));
});

describe('correlation with other rewards', () => {
  test('is that of deviations within prompts, over rows to which both apply', () => {
    const of = (a: (number | null)[], b: (number | null)[]) => withinPromptCorrelation(a, b, rows);
    expect(of([1, 2, 10, 20], [2, 1, 40, 20])).toBeCloseTo(-1, 1);
    expect(of([0, 1, 5, 6], [7, 8, 0, 1])).toBe(1); // prompts differ in the other direction: that is not seen
    expect(of([0, 1, 5, null], [1, 0, 9, 9])).toBe(-1);
    expect(of([0, 0, 5, 5], [1, 0, 9, 8])).toBeNull();
    expect(of([null, null, null, null], [1, 0, 9, 8])).toBeNull();
  });

  test('is logged for every pair, with nulls and weights', async () => {
    const rewards = await combine([
      { name: 'a', weight: 1, reward: fixed([0, 1, 0, 1]) },
      { name: 'b', weight: 0, reward: fixed([1, 0, null, null]) },
    ])(rows);
    expect(rewardFigures(rewards, rows)).toMatchObject({
      'reward/a/correlation_b': -1,
      'reward/b/correlation_a': -1,
      'reward/a/nulls': 0,
      'reward/b/nulls': 2,
      'reward/a/weight': 1,
      'reward/b/weight': 0,
    });
  });
});

describe('a reward that does not do what it should is an error that names it', () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  test.each<[string, unknown, string, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no such key');
      },
      'REWARD_FAILED',
      /'mine' threw Error: no such key/,
    ],
    ['rejects', () => Promise.reject(new TypeError('undefined is not')), 'REWARD_FAILED', /'mine' threw TypeError/],
    [
      'throws what is no error',
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- plug-ins in JavaScript do
        throw 'oops';
      },
      'REWARD_FAILED',
      /'mine' threw oops/,
    ],
    ['throws a typed error', () => Promise.reject(new RewardError('REWARD_OPTION', 'bad')), 'REWARD_OPTION', /^reward 'mine': bad/],
    ['hangs', never, 'REWARD_TIMEOUT', /'mine' gave no answer within 0.02 seconds/],
    ['returns nothing', () => undefined, 'REWARD_ANSWER', /'mine' returned undefined/],
    ['returns null', () => null, 'REWARD_ANSWER', /'mine' returned null/],
    ['returns a number', () => 1, 'REWARD_ANSWER', /'mine' returned 1/],
    ['returns a text of the right length', () => 'four', 'REWARD_ANSWER', /'mine' returned a string/],
    ['returns figures alone', () => ({ figures: {} }), 'REWARD_ANSWER', /'mine' returned an object/],
    ['returns no figures', () => ({ values: [1, 1, 1, 1], figures: null }), 'REWARD_ANSWER', /'mine' returned an object/],
    ['returns too few', () => [1], 'REWARD_LENGTH_MISMATCH', /'mine' has 1 values/],
    ['returns too many', () => new Float64Array(5), 'REWARD_LENGTH_MISMATCH', /'mine' has 5 values/],
    ['returns NaN', () => [1, 1, NaN, 1], 'REWARD_NOT_FINITE', /^row 2: reward 'mine' is NaN/],
    ['leaves one out', () => [1, undefined, 1, 1], 'REWARD_ANSWER', /^row 1: reward 'mine' is undefined/],
    ['returns truth', () => [true, false, true, true], 'REWARD_ANSWER', /^row 0: reward 'mine' is true/],
    ['returns texts', () => ['1', '1', '1', '1'], 'REWARD_ANSWER', /^row 0: reward 'mine' is a string/],
  ])('it %s', async (_, reward, name, message) => {
    for (const weight of [1, 0]) {
      const parts = [
        { name: 'good', weight: 1, reward: fixed([1, 1, 1, 1]) },
        { name: 'mine', weight, reward: reward as RewardFunction },
      ];
      await expect(combine(parts, { timeoutSeconds: 0.02 })(rows)).rejects.toThrow(code(name));
      await expect(combine(parts, { timeoutSeconds: 0.02 })(rows)).rejects.toThrow(message);
    }
  });

  test('what is not its doing passes through, and one that is in time is not disturbed', async () => {
    const interrupted = new ExpctrError('RUN_INTERRUPTED', 'interrupted');
    await expect(combine([{ name: 'a', weight: 1, reward: () => Promise.reject(interrupted) }])(rows)).rejects.toBe(interrupted);
    const { total } = await combine([{ name: 'a', weight: 1, reward: fixed([1, 2, 3, 4]) }], { timeoutSeconds: 60 })(rows);
    expect(total).toEqual([1, 2, 3, 4]);
  });
});
