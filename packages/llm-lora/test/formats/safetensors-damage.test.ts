import { ExpctrError } from '@expctr/core';
import fc from 'fast-check';
import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors/read.js';
import { failure } from './failure.js';
import { fixture, temporaryFolder } from './temporary-folder.js';

const path = temporaryFolder();

function fileOf(header: unknown, dataBytes = 0): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

const one = (change: Record<string, unknown>) => ({ w: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...change } });
const two = (...offsets: [number, number][]) =>
  Object.fromEntries(offsets.map((data_offsets, i) => [`w${i}`, { dtype: 'F32', shape: [2], data_offsets }]));
const lengthOf = (length: bigint): Buffer => {
  const bytes = fileOf('{}');
  bytes.writeBigUInt64LE(length);
  return bytes;
};

test.each<[string, Buffer, string, ...string[]]>([
  ['an empty file', Buffer.alloc(0), 'SAFETENSORS_TRUNCATED', 'at least 8'],
  ['a file cut in the header', fileOf(one({}), 8).subarray(0, 30), 'SAFETENSORS_TRUNCATED', 'header'],
  ['a file cut in the data', fileOf(one({}), 7), 'SAFETENSORS_TRUNCATED', 'tensor w', 'fetch or write the file again'],
  ['a header length beyond all files', lengthOf(0xffffffffffffffffn), 'SAFETENSORS_BAD_HEADER', 'safetensors file'],
  ['a header that is not JSON', fileOf('{"w": '), 'SAFETENSORS_BAD_HEADER', 'not JSON'],
  ['a header that is not UTF-8', Buffer.concat([fileOf('"x"').subarray(0, 8), Buffer.from([0x22, 0xff, 0x22])]), 'SAFETENSORS_BAD_HEADER'],
  ['a header that is a list', fileOf('[]'), 'SAFETENSORS_BAD_HEADER', 'not a JSON object'],
  ['metadata that are no strings', fileOf({ __metadata__: { a: 1 } }), 'SAFETENSORS_BAD_HEADER', '__metadata__'],
  ['an entry that is no object', fileOf({ w: 1 }), 'SAFETENSORS_BAD_TENSOR', 'tensor w'],
  ['an unknown type', fileOf(one({ dtype: 'F31' }), 8), 'SAFETENSORS_BAD_TENSOR', 'tensor w', 'F31', 'BF16'],
  ['a type that is an object method', fileOf(one({ dtype: 'toString' }), 8), 'SAFETENSORS_BAD_TENSOR', 'toString'],
  ['a negative size', fileOf(one({ shape: [-2] }), 8), 'SAFETENSORS_BAD_TENSOR', 'shape is [-2]'],
  ['a size that is no whole number', fileOf(one({ shape: [1.5] }), 8), 'SAFETENSORS_BAD_TENSOR', 'shape is [1.5]'],
  ['no shape', fileOf(one({ shape: null }), 8), 'SAFETENSORS_BAD_TENSOR', 'shape is null'],
  ['one offset', fileOf(one({ data_offsets: [0] }), 8), 'SAFETENSORS_BAD_TENSOR', 'data_offsets'],
  [
    'offsets that do not fit the shape',
    fileOf(one({ shape: [3] }), 8),
    'SAFETENSORS_BAD_OFFSETS',
    'tensor w',
    '8 bytes',
    '12 bytes for F32 [3]',
  ],
  ['a shape beyond all numbers', fileOf(one({ shape: [2 ** 52, 2 ** 52] }), 8), 'SAFETENSORS_BAD_OFFSETS', 'tensor w'],
  ['offsets that run backwards', fileOf(one({ data_offsets: [8, 0] }), 8), 'SAFETENSORS_BAD_OFFSETS', 'tensor w'],
  ['offsets beyond the file', fileOf(one({ data_offsets: [1e15, 1e15 + 8] }), 8), 'SAFETENSORS_TRUNCATED', 'tensor w'],
  ['overlapping tensors', fileOf(two([0, 8], [4, 12]), 12), 'SAFETENSORS_BAD_OFFSETS', 'tensor w1', 'overlaps', 'byte'],
  ['a hole between tensors', fileOf(two([0, 8], [12, 20]), 20), 'SAFETENSORS_BAD_OFFSETS', 'tensor w1', 'unused'],
  ['bytes after the last tensor', fileOf(one({}), 12), 'SAFETENSORS_BAD_OFFSETS', 'the last tensor to end with the file'],
  [
    'a type that is not read',
    fileOf(one({ dtype: 'F64', shape: [1] }), 8),
    'SAFETENSORS_UNSUPPORTED_TYPE',
    'tensor w',
    'F64',
    'save the file again',
  ],
])('%s is a typed error', async (_, bytes, code, ...parts) => {
  await writeFile(path('w.safetensors'), bytes);
  await expect(readSafetensors(path('w.safetensors'))).rejects.toThrow(failure(code, 'w.safetensors', ...parts));
});

test('whatever happens to the bytes of a file, it is a typed error or a whole set of tensors', async () => {
  const original = await readFile(fixture('reference.safetensors'));
  const change = fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at: fc.nat(original.length - 1), bit: fc.nat(7) }),
    fc.record({ kind: fc.constant('digit' as const), at: fc.nat(original.length - 1), digit: fc.nat(9) }),
    fc.record({ kind: fc.constant('cut' as const), at: fc.nat(original.length) }),
    fc.record({ kind: fc.constant('insert' as const), at: fc.nat(original.length), bytes: fc.uint8Array({ maxLength: 5 }) }),
  );
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      let bytes: Buffer = Buffer.from(original);
      for (const step of changes) {
        const at = Math.min(step.at, Math.max(0, bytes.length - 1));
        if (step.kind === 'flip' && bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << step.bit);
        if (step.kind === 'digit' && bytes.length > 0) bytes[at] = 0x30 + step.digit;
        if (step.kind === 'cut') bytes = bytes.subarray(0, at);
        if (step.kind === 'insert') bytes = Buffer.concat([bytes.subarray(0, at), step.bytes, bytes.subarray(at)]);
      }
      await writeFile(path('m.safetensors'), bytes);
      try {
        const { tensors } = await readSafetensors(path('m.safetensors'));
        for (const { data, shape } of tensors.values()) expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
      } catch (error) {
        if (!(error instanceof ExpctrError)) throw error;
        expect(error.message).toContain('m.safetensors');
        refused += 1;
      }
    }),
    { numRuns: 250, seed: 5 },
  );
  expect(refused).toBeGreaterThan(60);
});
