import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inScripts, isScript, lettersOf, scriptsOf } from '../src/scripts.js';
import { ngrams, wordsOf } from '../src/words.js';

test.each([
  ['The user’s taste: Sci-Fi, 1994!', ['the', 'user’s', 'taste', 'sci', 'fi', '1994']],
  ['Ünïcode ＦＵＬＬ', ['ünïcode', 'full']],
  ['Любит драмы.', ['любит', 'драмы']],
  ['她喜欢DVD版', ['她', '喜', '欢', 'dvd', '版']],
  ['メロドラマ', ['メ', 'ロ', 'ド', 'ラ', 'マ']],
  ['ชอบ', ['ช', 'อ', 'บ']],
  ['हिन्दी फ़िल्म', ['हिन्दी', 'फ़िल्म'.normalize('NFKC')]],
  ['드라마를', ['드라마를']],
  ['', []],
  ['… — 🙂', []],
])('the words of %s', (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});

test('words of any text are of that text, and all of its letters are in them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const normal = text.normalize('NFKC').toLowerCase();
      expect(lettersOf(wordsOf(text).join(''))).toEqual(lettersOf(normal));
      for (const word of wordsOf(text)) expect(normal).toContain(word);
    }),
  );
});

test('runs of words', () => {
  expect(ngrams(['a', 'b', 'c'], 2)).toEqual(['a b', 'b c']);
  expect(ngrams(['a'], 2)).toEqual([]);
});

test('scripts are found by their share of the letters, and a mark that two share belongs to both', () => {
  expect(scriptsOf(['Drama', 'драма драма'])).toEqual(['Cyrillic', 'Latin']);
  expect(scriptsOf(['a'.repeat(200), 'я'])).toEqual(['Latin']);
  expect(scriptsOf(['12 — 🙂'])).toEqual([]);
  expect(scriptsOf([])).toEqual([]);
  for (const script of ['Hiragana', 'Katakana']) expect(inScripts([script])('ー')).toBe(true);
  expect(['Latin', 'Latn', 'Han', 'Klingon', 'Latin}|\\p{L', ''].map(isScript)).toEqual([true, true, true, false, false, false]);
});
