import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../src/index.js';

test('what is not nested very deep is what JSON.parse makes of it', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
  );
  expect(parseJson('{"a": "[[[{\\"\\\\", "b": ["\\\\\\""]}')).toEqual({ a: '[[[{"\\', b: ['\\"'] });
  expect(parseJson(JSON.stringify('['.repeat(10_000)))).toHaveLength(10_000);
  for (const text of ['', '{', '"', '"\\', '[1,]']) expect(() => parseJson(text)).toThrow(SyntaxError);
});

test.each(['[', '{"a":', '[{"b":'])('%s without end is refused, whole or cut', (opening) => {
  const closing = [...opening.replace(/[^[{]/gu, '')].reverse().map((one) => (one === '[' ? ']' : '}')).join(''); // prettier-ignore
  const nested = (depth: number): string => `${opening.repeat(depth)}1${closing.repeat(depth)}`;
  expect(() => parseJson(nested(200))).not.toThrow();
  for (const text of [nested(100_000), opening.repeat(100_000)]) expect(() => parseJson(text)).toThrow(/nested more than 512 levels/u);
});
