import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { languageReward, repetitionReward, rewards, type RewardContext, type RewardFunction } from '../src/index.js';
import { rowsOf } from './rows.js';

const said = (read: readonly string[], prompt = read.map((_, row) => row)) => rowsOf({ label: read.map(() => 1), read, prompt });
const valuesOf = async (reward: RewardFunction, rows = said([])): Promise<(number | null)[]> => {
  const given = await reward(rows);
  return Array.from('figures' in given ? given.values : given);
};
const anyText = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', ' ', 'драма', '剧情片剧情片', 'slow drama slow drama', '42'));

describe('repetition', () => {
  test.each([
    ['nothing twice', 'slow films about people', 0],
    ['the same run twice', 'slow films here and slow films here', -0.2],
    ['one word over and over', 'good good good good good', -2 / 3],
    ['a text shorter than a run', 'good good', 0],
    ['a script without spaces', '好好好好', -0.5],
    ['nothing to read', ' ', -1],
  ])('%s', async (_, text, expected) => {
    expect((await valuesOf(repetitionReward(), said([text])))[0]).toBeCloseTo(expected, 12);
  });

  test('likeness among the completions of a prompt costs by its share, and only there', async () => {
    const rows = said(['a b c d', 'a b c d', 'e f g h', 'a b c d', ''], [0, 0, 0, 1, 1]);
    expect(await valuesOf(repetitionReward({ among: 0.5 }), rows)).toEqual([-0.25, -0.25, 0, 0, -1]);
    expect(await valuesOf(repetitionReward({ among: 0 }), rows)).toEqual([0, 0, 0, 0, -1]);
    const { figures } = await repetitionReward({ among: 1 })(rows);
    expect(figures).toEqual({ within: 0, others: 0.25 });
  });

  test('lies in [-1, 0] for any texts, and saying a text twice never costs less', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyText, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 4 }), async (texts, words) => {
        const reward = repetitionReward({ words, among: 0.25 });
        const same = texts.map(() => 0);
        for (const value of await valuesOf(reward, said(texts, same))) {
          expect(value).toBeGreaterThanOrEqual(-1);
          expect(value).toBeLessThanOrEqual(0);
        }
        const within = repetitionReward({ words });
        const [once, twice] = [await valuesOf(within, said(texts)), await valuesOf(within, said(texts.map((text) => `${text} ${text}`)))];
        twice.forEach((value, row) => expect(value).toBeLessThanOrEqual(once[row]! + 1e-12));
      }),
    );
  });

  test('refuses options out of range', () => {
    for (const bad of [{ words: 0 }, { words: 1.5 }, { among: 2 }, { among: NaN }])
      expect(() => repetitionReward(bad)).toThrow(expect.objectContaining({ code: 'REWARD_OPTION' }));
  });
});

describe('language', () => {
  test.each([
    ['all expected', 'A slow drama, 1994.', 1],
    ['half of it', 'abяю', 0.5],
    ['none of it', '剧情片', 0],
    ['no letter', '1994 !', 0],
    ['nothing', '', 0],
  ])('%s', async (_, text, expected) => {
    expect(await valuesOf(languageReward({ scripts: ['Latin'] }), said([text]))).toEqual([expected]);
  });

  test('as a part it expects the scripts of the prompt and of the items, however few the prompt’s letters are', async () => {
    const item = { title: '剧情片', attributes: { genre: ['ドラマ'] } };
    const context = { items: () => Array.from({ length: 500 }, () => item), examplePrompt: () => 'Why?' } as unknown as RewardContext;
    const rows = said(['Because of 剧', 'ー', 'драма']);
    expect(await valuesOf(rewards.language.create(context, { scripts: null }), rows)).toEqual([1, 1, 0]);
    expect(await valuesOf(rewards.language.create(context, { scripts: ['Cyrillic'] }), rows)).toEqual([0, 0, 1]);
  });

  test('a script that Unicode does not know is refused by name', () => {
    expect(() => languageReward({ scripts: ['Latin', 'Elvish'] })).toThrow(/'Elvish'/);
    expect(() => languageReward({ scripts: [] })).toThrow(expect.objectContaining({ code: 'REWARD_OPTION' }));
  });

  test('lies in [0, 1], and what is added in another script never raises it', async () => {
    const reward = languageReward({ scripts: ['Latin'] });
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const [plain, mixed] = await valuesOf(reward, said([text, `${text}я`]));
        expect(plain).toBeGreaterThanOrEqual(0);
        expect(plain).toBeLessThanOrEqual(1);
        expect(mixed).toBeLessThanOrEqual(plain!);
      }),
    );
  });
});
