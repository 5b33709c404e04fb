import { expect, test } from 'vitest';
import { byteAlphabet, toByteCharacters } from '../src/random-llama/byte-alphabet.js';
import { learnMerges } from '../src/random-llama/byte-pair-encoding.js';

test('the alphabet has one character for each byte, printable ASCII for itself, a space as Ġ', () => {
  expect(new Set(byteAlphabet).size).toBe(256);
  expect(byteAlphabet.slice(0x21, 0x7f).join('')).toBe(String.fromCharCode(...Array.from({ length: 94 }, (_, at) => 0x21 + at)));
  expect([byteAlphabet[0], byteAlphabet[0x20], byteAlphabet[0x0a], byteAlphabet[0xad]]).toEqual(['Ā', 'Ġ', 'Ċ', 'Ń']);
  expect(toByteCharacters('é ')).toBe('Ã©Ġ');
});

test('the most frequent pair is joined first, words are not crossed, and pairs that come once are left alone', () => {
  // words: low x5, " low" is not there since each text is one word; lower x2; newest x6; widest x3 (Sennrich et al. 2016)
  const texts = [
    ...Array<string>(5).fill('low'),
    ...Array<string>(2).fill('lower'),
    ...Array<string>(6).fill('newest'),
    ...Array<string>(3).fill('widest'),
  ];
  expect(learnMerges(texts, 4)).toEqual([
    ['e', 's'], // 9, before 's t' by code units
    ['es', 't'], // 9
    ['l', 'o'], // 7
    ['lo', 'w'], // 7
  ]);
  expect(learnMerges(['ab', 'ab c'], 10)).toEqual([['a', 'b']]);
});
