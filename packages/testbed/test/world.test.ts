import { readDataset, type TruthRow } from '@expctr/data';
import { expect, test } from 'vitest';
import { DOMAINS, generateWorld, prepareWorld, TestbedError, trueReasons, truthOf, writeTestbed, type WorldOptions } from '../src/index.js';
import { MEANING_OF } from '../src/world/vocabulary.js';
import { areaUnderCurve, temporaryFolder } from './support.js';

const OPTIONS = { seed: 3, users: 60, items: 150 } satisfies WorldOptions;

/** The truth as float32 keeps it. */
const asStored = ({ bayesProbability, reasons }: TruthRow) => ({
  bayesProbability: Math.fround(bayesProbability),
  reasons: reasons.map((reason) => ({ ...reason, contribution: Math.fround(reason.contribution) })),
});

const usersOf = (options: WorldOptions) => {
  const world = generateWorld(options);
  return Array.from({ length: world.options.users }, (_, at) => world.user(at));
};

test('the same seed gives the same world, another seed another one, and a seed written as text a third', () => {
  const [first, second, other, text] = [OPTIONS, OPTIONS, { ...OPTIONS, seed: 4 }, { ...OPTIONS, seed: '3' }].map((options) =>
    JSON.stringify([generateWorld(options).items, usersOf(options)]),
  );
  expect(second).toBe(first);
  expect(other).not.toBe(first);
  expect(text).not.toBe(first);
});

test('a user does not depend on how many users there are, nor on who was asked for before', () => {
  const [few, many] = [generateWorld({ ...OPTIONS, users: 5 }), generateWorld(OPTIONS)];
  many.user(40);
  expect(many.user(4)).toEqual(few.user(4));
  for (const at of [5, -1, 0.5]) expect(() => few.user(at)).toThrow(expect.objectContaining({ code: 'TESTBED_OPTION' }));
});

test('labels follow the stated probabilities, which are the logistic model of bias, quality and contributions', () => {
  const world = generateWorld({ ...OPTIONS, users: 200 });
  const rows = usersOf({ ...OPTIONS, users: 200 }).flatMap((user) => user.rows.map((row) => ({ ...row, user })));
  for (const { user, item, bayesProbability, contributions } of rows.slice(0, 300)) {
    const { values, quality } = world.items[item]!;
    expect(contributions).toEqual(values.map((value, field) => user.fieldWeights[field]! * user.tastes[0]![value]!));
    const logit = user.bias + quality + contributions.reduce((sum, share) => sum + share, 0);
    expect(bayesProbability).toBeCloseTo(1 / (1 + Math.exp(-logit)), 10);
  }
  const expected = rows.reduce((sum, { bayesProbability }) => sum + bayesProbability, 0);
  const deviation = Math.sqrt(rows.reduce((sum, { bayesProbability: p }) => sum + p * (1 - p), 0));
  expect(Math.abs(rows.reduce((sum, { label }) => sum + label, 0) - expected)).toBeLessThan(4 * deviation);
  expect(
    areaUnderCurve(
      rows.map(({ bayesProbability }) => bayesProbability),
      rows.map(({ label }) => label === 1),
    ),
  ).toBeGreaterThan(0.85);
});

test('independent tastes are as many as asked for, likes positive and dislikes negative, and count the same in every field', () => {
  for (const { tastes, fieldWeights } of usersOf({ ...OPTIONS, tastes: 'independent', likes: 5, dislikes: 2 })) {
    expect(tastes[0]!.filter((weight) => weight > 0).length).toBe(5);
    expect(tastes[0]!.filter((weight) => weight < 0).length).toBe(2);
    expect(fieldWeights).toEqual([1, 1, 1, 1, 1]);
  }
});

test('tastes for values of one meaning are alike, and those of different meanings are not', () => {
  const all = usersOf(OPTIONS).map(({ tastes }) => tastes[0]!);
  const correlation = (pairs: readonly (readonly [number, number])[]): number => {
    let [sum, a, b] = [0, 0, 0];
    for (const tastes of all) {
      for (const [x, y] of pairs) {
        sum += tastes[x]! * tastes[y]!;
        a += tastes[x]! ** 2;
        b += tastes[y]! ** 2;
      }
    }
    return sum / Math.sqrt(a * b);
  };
  const pairs = MEANING_OF.flatMap((_, x) => MEANING_OF.slice(0, x).map((__, y) => [x, y] as const));
  expect(correlation(pairs.filter(([x, y]) => MEANING_OF[x] === MEANING_OF[y]))).toBeGreaterThan(0.8);
  expect(Math.abs(correlation(pairs.filter(([x, y]) => MEANING_OF[x] !== MEANING_OF[y])))).toBeLessThan(0.2); // as many are liked as disliked: -1/7
});

test('a platform counts its fields in its own way, the same for all its users; by option each user has another one, or all a given one', () => {
  const [world, other] = [generateWorld(OPTIONS), generateWorld({ ...OPTIONS, seed: 8 })];
  expect([...world.fieldWeights!].sort()).toEqual([...other.fieldWeights!].sort());
  expect(world.fieldWeights).not.toEqual(other.fieldWeights);
  for (const { fieldWeights } of usersOf(OPTIONS)) expect(fieldWeights).toEqual(world.fieldWeights);
  const free = usersOf({ ...OPTIONS, fieldWeights: 'by-user' }).map(({ fieldWeights }) => fieldWeights);
  expect(new Set(free.map((weights) => weights.join())).size).toBe(free.length);
  for (const weights of free) expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(5, 10);
  expect(generateWorld({ ...OPTIONS, fieldWeights: 'by-user' }).fieldWeights).toBeNull();
  expect(generateWorld({ ...OPTIONS, fieldWeights: [1, 2, 3, 0, 0] }).user(3).fieldWeights).toEqual([1, 2, 3, 0, 0]);
});

test('times ascend; no item comes twice', () => {
  for (const { rows } of usersOf(OPTIONS)) {
    expect(rows.length).toBeGreaterThanOrEqual(10);
    expect(rows.length).toBeLessThanOrEqual(60);
    expect(new Set(rows.map(({ item }) => item)).size).toBe(rows.length);
    expect(rows.slice(1).every(({ timestamp }, at) => timestamp > rows[at]!.timestamp)).toBe(true);
  }
});

test('there are at least 60 attribute values, each with a name of its own and the same meaning in both domains, and titles do not repeat', () => {
  const [first, second] = Object.values(DOMAINS).map(({ fields }) => fields.map(({ meanings }) => meanings));
  expect(first).toEqual(second);
  expect(new Set(first!.flat()).size).toBe(8);
  const names = Object.values(DOMAINS).flatMap(({ fields }) => fields.flatMap(({ values }) => values));
  expect(names.length / 2).toBeGreaterThanOrEqual(60);
  expect(new Set(names).size).toBe(names.length);
  const { items } = generateWorld({ ...OPTIONS, items: 2000 });
  expect(new Set(items.map(({ title }) => title)).size).toBe(2000);
  for (const { description } of items.slice(0, 50))
    expect(description).toMatch(/^An? [a-z]+ [a-z]+ story of [a-z]+, set around the [a-z]+, with a [a-z]+\.$/);
});

test('popularity is a power law: a tenth of the items gets well over its share', () => {
  const counts = new Map<number, number>();
  const rows = usersOf({ ...OPTIONS, users: 300, items: 400 }).flatMap((user) => user.rows);
  for (const { item } of rows) counts.set(item, (counts.get(item) ?? 0) + 1);
  const top = [...counts.values()].sort((a, b) => b - a).slice(0, 40);
  expect(top.reduce((sum, count) => sum + count, 0) / rows.length).toBeGreaterThan(0.2);
});

test.each(['meanings', 'independent'] as const)(
  'with a second intent both sets of tastes (%s) are at work, and which one follows from the last two items',
  (tastes) => {
    const options = { ...OPTIONS, tastes, secondIntent: true };
    const world = generateWorld(options);
    const used = [0, 0];
    for (const { tastes: sets, fieldWeights, rows } of usersOf(options)) {
      expect(sets.length).toBe(2);
      rows.forEach(({ item, contributions }, place) => {
        const touched = sets.map((weights) =>
          rows
            .slice(Math.max(0, place - 2), place)
            .reduce(
              (sum, row) => sum + world.items[row.item]!.values.reduce((s, v, f) => s + Math.abs(fieldWeights[f]! * weights[v]!), 0),
              0,
            ),
        );
        const active = touched[1]! > touched[0]! ? 1 : 0;
        used[active]! += 1;
        expect(contributions).toEqual(world.items[item]!.values.map((value, f) => fieldWeights[f]! * sets[active]![value]!));
      });
    }
    expect(Math.min(...used)).toBeGreaterThan(0.2 * Math.max(...used));
  },
);

test('the second domain has the same tastes of the same users under other names', () => {
  const [first, second] = [generateWorld(OPTIONS), generateWorld({ ...OPTIONS, secondDomain: true })];
  expect(second.user(7).tastes).toEqual(first.user(7).tastes);
  expect(second.domain.fields.map(({ name }) => name)).not.toEqual(first.domain.fields.map(({ name }) => name));
  expect(second.items[0]).not.toEqual(first.items[0]);
});

test('true reasons are the attributes with a tenth of all contributions, with their sign; strong from 1 on', () => {
  const reason = (value: string, contribution: number) => ({ field: 'tone', value, contribution });
  const { reasons } = { reasons: [reason('grim', 2), reason('warm', -0.9), reason('witty', 0.3), reason('eerie', 0)] };
  expect(trueReasons({ reasons })).toEqual([
    { field: 'tone', value: 'grim', sign: 1, strength: 2 },
    { field: 'tone', value: 'warm', sign: -1, strength: 1 },
  ]);
  expect(trueReasons({ reasons: [] })).toEqual([]);
});

test('the truth of a prepared world says what its items have, and raises and lowers what it says it does', () => {
  const { interactions, items, truth } = prepareWorld(generateWorld({ ...OPTIONS, users: 200 }), { kCore: 0 });
  expect(truth.map(({ interactionId }) => interactionId)).toEqual([...interactions.interactionId]);
  truth.forEach(({ reasons }, row) => {
    for (const { field, value } of reasons) expect(items.attributes[field]![interactions.item[row]!]).toEqual([value]);
  });
  const net = truth.map(({ reasons }) => reasons.reduce((sum, { contribution }) => sum + contribution, 0));
  expect(
    areaUnderCurve(
      net,
      [...interactions.label].map((label) => label === 1),
    ),
  ).toBeGreaterThan(0.8);
});

test('a written testbed reads as a dataset, with the truth of each of its rows beside it', async () => {
  const folder = await temporaryFolder();
  const summary = await writeTestbed(folder, generateWorld(OPTIONS), { history: { length: 12 } });
  const { interactions, truth } = await readDataset(folder);
  expect(truth?.length).toBe(interactions.length);
  expect(summary).toMatchObject({ users: 60, interactions: interactions.length });
  expect(truth).toEqual(
    prepareWorld(generateWorld(OPTIONS), { history: { length: 12 } }).truth.map((row) => ({ ...row, ...asStored(row) })),
  );
});

test('interactions that are none of the world are refused, and said what to do about', () => {
  const world = generateWorld(OPTIONS);
  expect(() => prepareWorld(world, { kCore: 0, label: 'implicit' })).toThrow(
    expect.objectContaining({ code: 'TESTBED_OTHER_ROWS', remedy: expect.stringContaining('data.label=threshold') as string }),
  );
  const itemIds = world.items.map(({ itemId }) => itemId);
  for (const userIds of [['u61'], ['somebody'], ['u0']]) {
    const keys = { length: 1, user: Int32Array.of(0), item: Int32Array.of(0), userIds, itemIds };
    expect(() => [...truthOf(world, keys)]).toThrow(expect.objectContaining({ code: 'TESTBED_OTHER_ROWS', where: 'interaction 0' }));
  }
});

test.each([
  [{ users: -1 }, 'testbed.users'],
  [{ items: 119 }, 'testbed.items'],
  [{ minInteractions: 2 }, 'testbed.minInteractions'],
  [{ maxInteractions: 9 }, 'testbed.maxInteractions'],
  [{ likes: 40, dislikes: 30 }, 'testbed.dislikes'],
  [{ likes: 0, dislikes: 0 }, 'testbed.likes'],
  [{ seed: 0.5 }, 'testbed.seed'],
  [{ tastes: 'acquired' as 'meanings' }, 'testbed.tastes'],
  [{ fieldWeights: [1, 1] }, 'testbed.fieldWeights'],
  [{ fieldWeights: [1, 1, 1, 1, -1] }, 'testbed.fieldWeights'],
])('%j is refused by name', (wrong, name) => {
  expect(() => generateWorld({ ...OPTIONS, ...wrong })).toThrow(TestbedError);
  expect(() => generateWorld({ ...OPTIONS, ...wrong })).toThrow(name);
});
