import { createRng, type Rng } from '@expctr/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textBytes } from '../../../src/policy/byte-text.js';
import { jsonSchemaMachine } from '../../../src/policy/constraint/json-schema.js';
import { END, type Place } from '../../../src/policy/constraint/place.js';
import { TextConstraint } from '../../../src/policy/constraint/text-constraint.js';
import { SortedTokens } from '../../../src/policy/constraint/sorted-tokens.js';
import { STOP, tokenizer, written } from './vocabulary.js';

interface Schema {
  readonly [keyword: string]: unknown;
}

const leaf: fc.Arbitrary<Schema> = fc.oneof(
  fc.record({ type: fc.constant('string'), maxLength: fc.nat(5) }, { requiredKeys: ['type'] }),
  fc.constantFrom<Schema>({ type: 'number' }, { type: 'integer' }, { type: 'boolean' }, { type: 'null' }),
  fc.array(fc.jsonValue({ maxDepth: 1 }), { minLength: 1, maxLength: 4 }).map((values) => ({ enum: values })),
  fc.string({ unit: 'grapheme', maxLength: 4 }).map((value) => ({ const: value })),
);
const { schema } = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 2 },
    leaf,
    fc
      .dictionary(fc.string({ unit: 'grapheme', maxLength: 3 }), tie('schema'), { maxKeys: 3, noNullPrototype: true })
      .map((properties) => ({ type: 'object', properties, required: Object.keys(properties), additionalProperties: false })),
    fc
      .record({ items: tie('schema'), minItems: fc.nat(2), maxItems: fc.constantFrom(2, 4) }, { requiredKeys: ['items'] })
      .map((array) => ({ type: 'array', ...array })),
  ),
}));

/** What the words of a schema mean, written down once more. */
function satisfies(
  value: unknown,
  { type, maxLength = Infinity, properties, items, minItems = 0, maxItems = Infinity, ...rest }: Schema,
): boolean {
  if ('const' in rest) return value === rest['const'];
  if ('enum' in rest) return (rest['enum'] as unknown[]).some((each) => JSON.stringify(each) === JSON.stringify(value));
  if (type === 'array') {
    const fits = Array.isArray(value) && value.length >= (minItems as number) && value.length <= (maxItems as number);
    return fits && value.every((each) => satisfies(each, items as Schema));
  }
  if (type === 'object') {
    const [keys, fields] = [Object.keys(properties as Schema), value as Schema];
    const same = keys.length === Object.keys(fields).length && keys.every((key) => Object.hasOwn(fields, key));
    return same && keys.every((key) => satisfies(fields[key], (properties as Record<string, Schema>)[key]!));
  }
  if (type === 'string') return typeof value === 'string' && [...value].length <= (maxLength as number);
  if (type === 'integer') return Number.isSafeInteger(value);
  return type === 'null' ? value === null : typeof value === type && (type !== 'number' || Number.isFinite(value));
}

const sorted = new SortedTokens(tokenizer, STOP + 1, [STOP]);
const fewestOf = (given: Schema): number => new TextConstraint(jsonSchemaMachine(given)(END), sorted).fewest;

test('whatever the model wants, each completion is whole and satisfies the schema, also where tokens run short', () => {
  fc.assert(
    fc.property(schema, fc.nat(1000), fc.nat(20), (jsonSchema, seed, spare) => {
      const maxNewTokens = fewestOf(jsonSchema) + spare;
      const { text, draw } = written({ jsonSchema }, seed, { maxNewTokens });
      expect(satisfies(JSON.parse(text), jsonSchema), `${text} by ${JSON.stringify(jsonSchema)}`).toBe(true);
      expect(draw.tokens.length).toBeLessThanOrEqual(maxNewTokens);
    }),
    { numRuns: 40, seed: 5 },
  );
});

/** Some value that a schema allows. */
function valueOf(given: Schema, rng: Rng): unknown {
  const { type, maxLength = 8, properties, items, minItems = 0, maxItems = 3 } = given;
  const upTo = (most: number): number => Math.floor(rng.next() * (most + 1));
  if ('const' in given) return given['const'];
  if ('enum' in given) return (given['enum'] as unknown[])[upTo((given['enum'] as unknown[]).length - 1)];
  if (type === 'object') {
    return Object.fromEntries(Object.entries(properties as Record<string, Schema>).map(([key, each]) => [key, valueOf(each, rng)]));
  }
  if (type === 'array') {
    const length = (minItems as number) + upTo((maxItems as number) - (minItems as number));
    return Array.from({ length }, () => valueOf(items as Schema, rng));
  }
  if (type === 'string') return Array.from({ length: upTo(maxLength as number) }, () => CHARACTERS[upTo(CHARACTERS.length - 1)]).join('');
  if (type === 'integer') return Math.round((rng.next() - 0.5) * 2e14);
  if (type === 'number') return Math.round((rng.next() - 0.5) * 1e9) / 1000;
  return type === 'boolean' ? rng.next() < 0.5 : null;
}

/** Of each length in UTF-8, the last before and the first behind surrogates, and those that JSON escapes. */
const CHARACTERS = [...'a"\\/ \n\t\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff', '\u{10000}', '\u{10ffff}', '🎬'];

const accepts = (given: Schema, text: string): boolean => {
  let place: Place | null = jsonSchemaMachine(given)(END);
  for (const letter of textBytes(text)) place = place?.step(letter.charCodeAt(0)) ?? null;
  return place?.ends === true;
};

test('every value that a schema allows can be written', () => {
  fc.assert(
    fc.property(schema, fc.nat(1000), (given, seed) => {
      const text = JSON.stringify(valueOf(given, createRng([seed])));
      expect(accepts(given, text), `${text} by ${JSON.stringify(given)}`).toBe(true);
      expect(accepts(given, `${text}x`)).toBe(false);
    }),
    { numRuns: 60, seed: 6 },
  );
});

test('numbers and strings are those of JSON, and a space may follow a colon and a comma', () => {
  const numbers = ['0', '-0', '-12', '0.50', '123456789012345', '-1.000000000000001'];
  const none = ['00', '01', '+1', '.5', '1.', '-', '', '1e5', '1234567890123456', '0x1', '--1'];
  expect(numbers.map((text) => accepts({ type: 'number' }, text))).toEqual(numbers.map(() => true));
  expect(none.map((text) => accepts({ type: 'number' }, text))).toEqual(none.map(() => false));
  expect(accepts({ type: 'integer' }, '1.0')).toBe(false);
  const strings = ['"\u0001"', '"\\x"', '"\\u0041"', '"a', 'a"', '"""'];
  expect(strings.map((text) => accepts({ type: 'string' }, text))).toEqual(strings.map(() => false));
  const list = { type: 'object', properties: { a: { type: 'array', items: { type: 'null' } }, b: { type: 'boolean' } } };
  expect(['{"a":[null,null],"b":true}', '{"a": [null, null], "b": true}'].map((text) => accepts(list, text))).toEqual([true, true]);
  expect(['{"b":true,"a":[]}', '{"a":[]}', '{"a":[], "b":true }', '{"a":[],  "b":true}'].map((text) => accepts(list, text))).not.toContain(
    true,
  );
});

describe('a schema that says what is not known here is refused by the name of it', () => {
  test.each<[Schema, string, RegExp]>([
    [{ type: 'string', pattern: 'a' }, 'jsonSchema.pattern', /pattern/],
    [{ type: 'string', minLength: 1 }, 'jsonSchema.minLength', /minLength/],
    [{ type: 'integer', minimum: 1 }, 'jsonSchema.minimum', /minimum/],
    [{ type: 'array', items: { type: 'null' }, uniqueItems: true }, 'jsonSchema.uniqueItems', /uniqueItems/],
    [{ type: 'object', properties: { a: { anyOf: [] } } }, 'jsonSchema.properties.a.type', /undefined/],
    [{ type: 'object', properties: { a: { $ref: '#' } } }, 'jsonSchema.properties.a.type', /undefined/],
    [{ type: ['string', 'null'] }, 'jsonSchema.type', /null/],
    [{ type: 'tuple' }, 'jsonSchema.type', /tuple/],
    [{}, 'jsonSchema.type', /undefined/],
    [{ type: 'object', required: ['a'] }, 'jsonSchema.required', /a/],
    [{ type: 'object', additionalProperties: { type: 'null' } }, 'jsonSchema.additionalProperties', /null/],
    [{ type: 'object', properties: [] }, 'jsonSchema.properties', /\[\]/],
    [{ type: 'array' }, 'jsonSchema.items', /undefined/],
    [{ type: 'array', items: { type: 'null' }, minItems: 3, maxItems: 2 }, 'jsonSchema.minItems', /3/],
    [{ type: 'array', items: { type: 'null' }, maxItems: -1 }, 'jsonSchema.maxItems', /-1/],
    [{ type: 'array', items: { type: 'null' }, minItems: 10_000 }, 'jsonSchema', /bytes/],
    [{ type: 'string', maxLength: 1.5 }, 'jsonSchema.maxLength', /1.5/],
    [{ type: 'integer', enum: ['a', 1.5] }, 'jsonSchema.enum', /1.5/],
    [{ enum: [] }, 'jsonSchema.enum', /\[\]/],
    [{ enum: 'a' }, 'jsonSchema.enum', /a/],
    [{ enum: [1], const: 2 }, 'jsonSchema.enum', /1/],
    [{ const: undefined }, 'jsonSchema.const', /null|undefined/],
  ])('%j', (given, where, what) => {
    expect(() => jsonSchemaMachine(given)).toThrow(
      expect.objectContaining({ code: 'POLICY_CONSTRAINT', where, message: expect.stringMatching(what) as string }) as Error,
    );
  });

  test('a schema that goes round has no end', () => {
    const round: Record<string, unknown> = { type: 'array' };
    round['items'] = round;
    expect(() => jsonSchemaMachine(round)).toThrow(expect.objectContaining({ code: 'POLICY_CONSTRAINT' }) as Error);
  });
});
