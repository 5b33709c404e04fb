import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DOMAINS, parseClaims } from '../src/index.js';
import { claimOf } from '../src/text/claims.js';
import { DEGREES, VERBS } from '../src/text/phrases.js';

test('each sentence is a claim: attribute, then how much it speaks for the item or against it', () => {
  expect(parseClaims('grim delights them. castle bores them. pirate pleases them. creepy repels them.')).toEqual({
    claims: [
      { field: 'tone', value: 'grim', sign: 1, strength: 2 },
      { field: 'setting', value: 'castle', sign: -1, strength: 1 },
      { field: 'hero', value: 'pirate', sign: 1, strength: 1 },
      { field: 'mood', value: 'creepy', sign: -1, strength: 2 },
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
  'grim so-so them.',
  'grim loved them.',
])('"%s" is one malformed sentence', (text) => {
  expect(parseClaims(text)).toEqual({ claims: [], malformed: 1 });
});

test('claims of every value of both domains come back in their order, whatever stands between them', () => {
  const value = fc.constantFrom(
    ...Object.values(DOMAINS).flatMap(({ fields }) =>
      fields.flatMap(({ name, values }) => values.map((value) => ({ field: name, value }))),
    ),
  );
  const degree = fc.constantFrom(...DEGREES);
  const claim = fc
    .record({ value, degree })
    .map(({ value: named, degree: one }) => ({ ...claimOf(named.field, named.value, one), degree: one }));
  fc.assert(
    fc.property(fc.array(claim), fc.constantFrom(' ', '  ', ' hello there. '), (claims, gap) => {
      const text = claims.map(({ value: name, degree: one }) => `${name} ${VERBS[one]} them.`).join(gap);
      expect(parseClaims(text).claims).toEqual(claims.map(({ degree: _, ...rest }) => rest));
    }),
  );
});
