import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openSafetensors, readSafetensors } from '../../src/formats/safetensors/read.js';
import { writeSafetensors } from '../../src/formats/safetensors/write.js';
import { failure } from './failure.js';
import { fixture, temporaryFolder } from './temporary-folder.js';

const path = temporaryFolder();
const reference = JSON.parse(readFileSync(fixture('reference.json'), 'utf8')) as Record<string, { shape: number[]; values: number[] }>;

test('a file of the reference implementation reads with its values, types and metadata', async () => {
  const { tensors, metadata } = await readSafetensors(fixture('reference.safetensors'));
  expect(metadata).toEqual({ format: 'pt', by: 'reference implementation' });
  expect([...tensors.keys()].sort()).toEqual(Object.keys(reference).sort());
  for (const [name, { shape, values }] of Object.entries(reference)) {
    const tensor = tensors.get(name);
    expect(tensor?.shape).toEqual(shape);
    expect([...(tensor?.data ?? [])]).toEqual(values);
  }
  expect(tensors.get('i32')?.data).toEqual(Int32Array.of(-2147483648, -1, 0, 2147483647));
  expect(tensors.get('bool')?.dtype).toBe('bool');
});

test('what is written has the very bytes of the reference implementation', async () => {
  const { tensors, metadata } = await readSafetensors(fixture('reference-full.safetensors'));
  await writeSafetensors(path('a.safetensors'), new Map([...tensors].reverse()), { metadata });
  expect(await readFile(path('a.safetensors'))).toEqual(await readFile(fixture('reference-full.safetensors')));
});

const tensor: fc.Arbitrary<HostTensor> = fc
  .tuple(fc.array(fc.nat(4), { maxLength: 3 }), fc.constantFrom('float32', 'int32', 'bool'), fc.infiniteStream(fc.integer()))
  .map(([shape, dtype, stream]) => {
    const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.next().value as number);
    if (dtype === 'float32') return { shape, dtype, data: new Float32Array(Int32Array.from(values).buffer) };
    return { shape, dtype, data: dtype === 'int32' ? Int32Array.from(values) : Uint8Array.from(values, (value) => value & 1) };
  });
const name = fc
  .oneof(fc.string({ minLength: 1 }), fc.constantFrom('0', '7', '__proto__', 'constructor', 'é'))
  .filter((key) => key !== '__metadata__');

test('tensors of any name, shape, type and value come back bit by bit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, tensor), { maxLength: 6 }), fc.dictionary(name, fc.string()), async (entries, metadata) => {
      const tensors = new Map(entries);
      await writeSafetensors(path('b.safetensors'), tensors, { metadata });
      const read = await readSafetensors(path('b.safetensors'));
      expect(new Map(Object.entries(read.metadata))).toEqual(new Map(Object.entries(metadata)));
      expect(read.tensors.size).toBe(tensors.size);
      for (const [key, { data, shape, dtype }] of tensors) {
        const back = read.tensors.get(key);
        expect({ shape: back?.shape, dtype: back?.dtype }).toEqual({ shape, dtype });
        expect(Buffer.from(back?.data.buffer ?? new ArrayBuffer(0))).toEqual(Buffer.from(data.buffer)); // NaN payloads included
      }
    }),
    { numRuns: 60, seed: 4 },
  );
});

test.each(['F16', 'BF16'] as const)('%s is read in pieces without a seam', async (floats) => {
  const length = (1 << 22) + 12345; // two pieces and a rest
  const data = Float32Array.from({ length: 512 }, (_, i) => i - 256);
  const tiled = new Float32Array(length);
  for (let at = 0; at < length; at += 512) tiled.set(data.subarray(0, Math.min(512, length - at)), at);
  await writeSafetensors(path('c.safetensors'), new Map([['x', { data: tiled, shape: [length], dtype: 'float32' }]]), { floats });
  const { tensors } = await readSafetensors(path('c.safetensors'));
  expect(Buffer.from(tiled.buffer).equals(Buffer.from(tensors.get('x')?.data.buffer ?? new ArrayBuffer(0)))).toBe(true);
});

test('a write that fails leaves the old file and nothing beside it', async () => {
  const good = new Map([['x', { data: Float32Array.of(1, 2), shape: [2], dtype: 'float32' as const }]]);
  await writeSafetensors(path('d.safetensors'), good);
  const before = await readFile(path('d.safetensors'));
  const bad = new Map([...good, ['y', { data: Float32Array.of(1), shape: [2], dtype: 'float32' as const }]]);
  await expect(writeSafetensors(path('d.safetensors'), bad)).rejects.toThrow(failure('SAFETENSORS_BAD_TENSOR', 'tensor y', '2 values'));
  const data = Object.defineProperty(Float32Array.of(1), 'buffer', {
    get() {
      throw new Error('disk full');
    },
  });
  const broken = new Map<string, HostTensor>([...good, ['z', { data, shape: [1], dtype: 'float32' }]]);
  await expect(writeSafetensors(path('d.safetensors'), broken)).rejects.toThrow('disk full');
  expect(await readFile(path('d.safetensors'))).toEqual(before);
  expect(await readdir(path())).toEqual(['d.safetensors']);
});

test('a tensor that is not there, or of a type that is not read, is named', async () => {
  const file = await openSafetensors(fixture('reference.safetensors'));
  await expect(async () => file.read('nope')).rejects.toThrow(
    failure('SAFETENSORS_MISSING_TENSOR', 'reference.safetensors', 'nope', 'f32'),
  );
  await expect(async () => file.readFloat('i32')).rejects.toThrow(
    failure('SAFETENSORS_UNSUPPORTED_TYPE', 'tensor i32', 'I32', 'F32, F16 or BF16'),
  );
  await file.close();
  await expect(openSafetensors(path('none.safetensors'))).rejects.toThrow(failure('SAFETENSORS_NOT_FOUND', 'none.safetensors'));
});
