import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withJsonFields } from '../../src/formats/json-fields.js';

test('numbers and all else that is not set stay as they are written', () => {
  const text =
    '{\n  "a": 9.0,\n  "dtype": "float32",\n  "rope": {"dtype": [1e-05, "}"], "b": {}},\n  "s": "\\"dtype\\": 1,",\n  "eps": 1e-06\n}\n';
  expect(withJsonFields(text, { dtype: 'float16', tied: false })).toBe(
    '{\n  "a": 9.0,\n  "dtype": "float16",\n  "rope": {"dtype": [1e-05, "}"], "b": {}},\n  "s": "\\"dtype\\": 1,",\n  "eps": 1e-06,\n  "tied": false\n}\n',
  );
  expect(withJsonFields('{}', { a: 1 })).toBe('{\n  "a": 1\n}');
  expect(withJsonFields('{"a":[[{"a":2}]]}', { a: null })).toBe('{"a":null\n}');
});

test('whatever the object, what is read afterwards is it with the fields', () => {
  const objects = fc.dictionary(fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'a"b\\'), fc.string()), fc.jsonValue());
  fc.assert(
    fc.property(
      objects,
      fc.dictionary(fc.constantFrom('a', 'b', 'c', 'a"b\\'), fc.jsonValue()),
      fc.constantFrom(undefined, 2),
      (object, fields, indent) => {
        const text = withJsonFields(JSON.stringify(object, null, indent), fields);
        const entries = new Map([...Object.entries(object), ...Object.entries(fields)]);
        expect(new Map(Object.entries(JSON.parse(text) as object))).toEqual(
          new Map([...entries].map(([key, value]) => [key, JSON.parse(JSON.stringify(value))])),
        );
      },
    ),
    { numRuns: 200, seed: 4 },
  );
});
