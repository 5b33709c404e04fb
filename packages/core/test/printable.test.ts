import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExpctrError, printable, printableJson, printableLines } from '../src/index.js';

/** Of another make than the one in the source: code points by range, as terminals and Unicode's lists have them. */
function isUnprintable(character: string): boolean {
  const code = character.codePointAt(0)!;
  const within = (from: number, to: number): boolean => code >= from && code <= to;
  return (
    within(0, 0x1f) ||
    within(0x7f, 0x9f) ||
    [0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x180e, 0x3164, 0xfeff, 0xffa0].includes(code) ||
    within(0x200b, 0x200f) ||
    within(0x2028, 0x202e) ||
    within(0x2060, 0x206f) ||
    within(0xd800, 0xdfff) ||
    within(0xe0000, 0xe0fff)
  );
}

const ESC = '\x1b';
const nasty = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        `${ESC}[2J`,
        `${ESC}]0;title\x07`,
        '\x9b31m',
        '\r',
        '\n',
        '\t',
        '\u202e',
        '\u2066',
        '\u200b',
        '\ud800',
        '\udc00',
        '\u{e0041}',
      ),
    ),
  )
  .map((parts) => parts.join(''));

describe('printable', () => {
  test('no character that a terminal obeys, hides or reorders by survives, and doing it twice changes nothing', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const shown = printable(text);
        expect([...shown].filter(isUnprintable)).toEqual([]);
        expect(printable(shown)).toBe(shown);
        const lines = printableLines(text);
        expect([...lines].filter((character) => isUnprintable(character) && character !== '\n' && character !== '\t')).toEqual([]);
        expect(lines.split('\n').length).toBe(text.split('\n').length);
      }),
    );
  });

  test('escapes are visible, and what people write stays as it is', () => {
    expect(printable(`a${ESC}]0;owned\x07b\x9bc\x7f\r\n\t\u202ed\u200be\u{e0041}\ud800`)).toBe(
      'a\\x1b]0;owned\\x07b\\x9bc\\x7f\\r\\n\\t\\u202ed\\u200be\\u{e0041}\\ud800',
    );
    for (const text of ['Amélie (2001) “C:\\films” 七人の侍 ❤️ 👍🏽 دزدان', '']) expect(printable(text)).toBe(text);
    expect(printableLines('one\n\ttwo\r\u2028')).toBe('one\n\ttwo\\r\\u2028');
  });

  test('a bounded text has at most as many characters, and ends between escapes', () => {
    expect(printable('abcd', 4)).toBe('abcd');
    expect(printable('abcde', 4)).toBe('abc…');
    expect(printable(`ab${ESC}c`, 5)).toBe('ab…');
    expect(printable('👍👍👍', 2)).toBe('👍…');
    fc.assert(
      fc.property(nasty, fc.integer({ min: 1, max: 30 }), (text, limit) => {
        const [all, shown] = [printable(text), printable(text, limit)];
        expect([...shown].length).toBeLessThanOrEqual(limit);
        expect(shown === all || (shown.endsWith('…') && all.startsWith(shown.slice(0, -1)))).toBe(true);
        expect(printable(shown, limit)).toBe(shown);
      }),
    );
    const started = performance.now();
    expect(printable('x'.repeat(50_000_000), 10)).toBe('xxxxxxxxx…');
    expect(performance.now() - started).toBeLessThan(500);
  });
});

test('printable JSON reads back the same', () => {
  fc.assert(
    fc.property(fc.dictionary(nasty, fc.oneof(nasty, fc.double({ noNaN: true, noDefaultInfinity: true }))), (value) => {
      const text = printableJson(value);
      expect([...text].filter((character) => isUnprintable(character) && character !== '\n')).toEqual([]);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("an error's message is one printable line of bounded length; its fields are as given", () => {
  const where = `title ${ESC}[2J\nerror FORGED: second line`;
  const error = new ExpctrError('X', `"${'y'.repeat(100_000)}"`, { where, expected: '\u202e', remedy: '\x07' });
  expect(error.message).toMatch(/^title \\x1b\[2J\\nerror FORGED: second line: "y+…/u);
  expect(error.message).not.toMatch(/\p{Cc}|\p{Cf}/u);
  expect(error.message.length).toBeLessThan(5000);
  expect(error.where).toBe(where);
});
