import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DOMAINS, parseClaims, type Claim } from '../src/index.js';

test('each sentence is a claim: attribute, then for or against', () => {
  expect(parseClaims('grim delights them. castle bores them. okada suits them.')).toEqual({
    claims: [
      { field: 'tone', value: 'grim', sign: 1 },
      { field: 'setting', value: 'castle', sign: -1 },
      { field: 'maker', value: 'okada', sign: 1 },
    ],
    malformed: 0,
  });
});

test('what says no reason is no claim and not malformed; nothing says nothing', () => {
  expect(parseClaims('Nothing stands out.')).toEqual({ claims: [], malformed: 0 });
  expect(parseClaims('')).toEqual({ claims: [], malformed: 0 });
});

test.each([
  'grim.',
  'grim them delights.',
  'castle grim bores them.',
  'purple delights them.',
  'delights them.',
  'grim delights them castle bores them.',
  'grim bores',
])('"%s" is one malformed sentence', (text) => {
  expect(parseClaims(text)).toEqual({ claims: [], malformed: 1 });
});

test('claims of every value of both domains come back in their order, whatever stands between them', () => {
  const value = fc.constantFrom(
    ...Object.values(DOMAINS).flatMap(({ fields }) =>
      fields.flatMap(({ name, values }) => values.map((value) => ({ field: name, value }))),
    ),
  );
  const claim = fc
    .record({ value, sign: fc.constantFrom(1 as const, -1 as const) })
    .map(({ value: named, sign }): Claim => ({ ...named, sign }));
  fc.assert(
    fc.property(fc.array(claim), fc.constantFrom(' ', '  ', ' hello there. '), (claims, gap) => {
      const text = claims.map(({ value: name, sign }) => `${name} ${sign > 0 ? 'pleases' : 'repels'} them.`).join(gap);
      expect(parseClaims(text).claims).toEqual(claims);
    }),
  );
});
