import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LiteralError, parseLiteral } from '../src/read/python-literal.js';

/** As Python's repr writes a value (strings with the quotes that need fewer escapes). */
function repr(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number')
    return Number.isNaN(value) ? 'nan' : Object.is(value, -0) ? '-0.0' : String(value).replace('Infinity', 'inf');
  if (typeof value === 'string') {
    const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
    const inside = [...value]
      .map((character) => {
        const code = character.codePointAt(0)!;
        if (character === '\\' || character === quote) return `\\${character}`;
        if (character === '\n') return '\\n';
        if (code < 0x20 || (code >= 0x7f && code < 0xa1)) return `\\x${code.toString(16).padStart(2, '0')}`;
        if (code >= 0xd800 && code < 0xe000) return `\\u${code.toString(16)}`;
        return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : character;
      })
      .join('');
    return `${quote}${inside}${quote}`;
  }
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  return `{${Object.entries(value as object)
    .map(([key, inner]) => `${repr(key)}: ${repr(inner)}`)
    .join(', ')}}`;
}

/** With the whole numbers that are read exactly, as bigints, rounded to doubles. */
function inDoubles(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(inDoubles);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inDoubles(inner)]));
}

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double(),
    fc.string({ unit: 'binary' }),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('any'), { maxKeys: 4 }).map((object) => Object.fromEntries(Object.entries(object))),
  ),
})).any;

test('what Python writes is read back', () => {
  fc.assert(
    fc.property(value, (one) => void expect(inDoubles(parseLiteral(repr(one)))).toEqual(one)),
    { numRuns: 300 },
  );
});

test('JSON is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json(), (text) => void expect(inDoubles(parseLiteral(text))).toEqual(JSON.parse(text))),
    { numRuns: 300 },
  );
});

test.each([
  [`(1, 'a', (2,), )`, [1, 'a', [2]]],
  [`{u'key': u'caf\\xe9', 'n': 12L}`, { key: 'café', n: 12 }],
  [`'\\101\\x41\\u0041\\U0001F600\\q\\\\'`, 'AAA😀\\q\\'],
  [`r'\\d\\''`, `\\d\\'`],
  ['{1: -1.5e3, True: .5, }', { 1: -1500, true: 0.5 }],
  [
    '[9007199254740991, 9007199254740993, -18446744073709551615, 0009007199254740993L, 9007199254740993.0]',
    [9007199254740991, 9007199254740993n, -18446744073709551615n, 9007199254740993n, 9007199254740992],
  ],
  [`{'__proto__': 1}`, JSON.parse('{"__proto__": 1}')],
])('%s is read', (text, expected) => {
  expect(parseLiteral(text)).toEqual(expected);
});

test.each([
  ["{'a': }", 6],
  ["{'a' 1}", 5],
  ["{'a': 1 'b': 2}", 8],
  ["['a", 3],
  ['[1 2]', 3],
  ['__import__("os")', 0],
  ['{} {}', 3],
  ['[True, Flase]', 7],
  ["'\\x4'", 3],
  ['', 0],
])('%s is malformed at its position', (text, position) => {
  try {
    parseLiteral(text);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(LiteralError);
    expect((error as LiteralError).position).toBe(position);
  }
});

test('no text crashes the parser: it gives a value or a LiteralError, nested as deeply as may be', () => {
  const piece = fc.constantFrom('{', '}', '[', ']', '(', ')', "'", '"', '\\', ':', ',', 'u', 'True', '1', '.', 'e', '-', ' ', 'x', '\0');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        parseLiteral(pieces.join(''));
      } catch (error) {
        expect(error).toBeInstanceOf(LiteralError);
      }
    }),
    { numRuns: 1000 },
  );
  expect(() => parseLiteral('['.repeat(1e6))).toThrow('nested deeper');
});
