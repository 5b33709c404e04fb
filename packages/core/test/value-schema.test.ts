import { expect, test } from 'vitest';
import { exampleOf, typeInWords, type ValueSchema } from '../src/index.js';

const cases: readonly (readonly [ValueSchema, string, unknown])[] = [
  [{ type: 'integer', minimum: 1, maximum: 1000 }, 'integer from 1 to 1,000', 1],
  [{ type: 'number', exclusiveMinimum: 0, maximum: 1e-3 }, 'number above 0 to 0.001', 1e-3],
  [{ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }, 'integer from 0', 1],
  [{ type: 'array', items: { type: 'string' }, default: [] }, 'list of string', ['name']],
  [{ type: 'array', items: { type: 'integer', minimum: 4 } }, 'list of integer from 4', [4]],
  [{ type: 'array', items: { type: 'string' }, default: ['deepfm', 'din'] }, 'list of string', ['deepfm', 'din']],
  [{ anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'null' }], default: null }, 'list of string | null', ['name']],
  [{ type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'object' }] } }, 'list of (string | object)', ['name']],
  [{ type: 'string', enum: ['stop', 'warn'] }, 'stop | warn', 'stop'],
  [{ type: 'boolean', default: false }, 'boolean', false],
];

test.each(cases)('%j in words, with an example', (schema, words, example) => {
  expect(typeInWords(schema)).toBe(words);
  expect(exampleOf(schema)).toEqual(example);
});
