import { modelAsset } from '@expctr/test-support';
import { sha256 } from '@expctr/core';
import { readFileSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { loadCheckpoint, type Checkpoint } from '../../src/formats/checkpoint.js';
import { openGguf } from '../../src/formats/gguf/open.js';
import { unpermuteHeads } from '../../src/formats/gguf/source.js';
import { TENSOR_TYPES } from '../../src/formats/gguf/tensor-types.js';
import type { FloatTensor } from '../../src/formats/host-tensor.js';
import { fixture, temporaryFolder } from './temporary-folder.js';

const path = temporaryFolder();
const json = (name: string): unknown => JSON.parse(readFileSync(fixture(name), 'utf8'));
const hashOf = ({ data }: FloatTensor): string => sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
const hashes = ({ tensors }: Checkpoint): Record<string, string> =>
  Object.fromEntries([...tensors].map(([name, tensor]) => [name, hashOf(tensor)]));

test('blocks of every supported type expand to the very bits of the reference', () => {
  const blocks = json('gguf-blocks.json') as Record<string, { blockSize: number; bytes: string; sha256: string }>;
  expect(
    Object.values(TENSOR_TYPES)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(Object.keys(blocks).sort());
  for (const { name, blockSize, blockBytes, expand } of Object.values(TENSOR_TYPES)) {
    const fixed = blocks[name];
    const stored = new Uint8Array(Buffer.from(fixed?.bytes ?? '', 'base64')); // a copy of its own, aligned
    expect(fixed?.blockSize).toBe(blockSize);
    const before = 64;
    const target = new Float32Array(before + (stored.length / blockBytes) * blockSize).fill(7);
    expand(stored, target, before);
    expect([name, sha256(new Uint8Array(target.buffer, before * 4))]).toEqual([name, fixed?.sha256]);
    expect(target.subarray(0, before).every((value) => value === 7)).toBe(true);
  }
});

const tiny = json('tiny-llama.json') as { config: Checkpoint['config']; sha256: Record<string, string> };

test('a file with types of all kinds loads under Hugging Face names, rows of q and k in order', async () => {
  const checkpoint = await loadCheckpoint(fixture('tiny-llama.gguf'));
  expect(checkpoint.config).toEqual(tiny.config);
  expect(hashes(checkpoint)).toEqual(tiny.sha256);
});

test('version 2 reads as version 3 does, and other alignments hold', async () => {
  const bytes = await readFile(fixture('tiny-llama.gguf'));
  bytes.writeUInt32LE(2, 4);
  await writeFile(path('v2.gguf'), bytes);
  expect(hashes(await loadCheckpoint(path('v2.gguf')))).toEqual(tiny.sha256);
  expect(hashes(await loadCheckpoint(fixture('tiny-llama-aligned.gguf')))).toEqual(tiny.sha256);
});

test('metadata of all kinds are read: numbers, texts, lists and lists of lists', async () => {
  const file = await openGguf(fixture('tiny-llama.gguf'));
  await file.close();
  expect(file.metadata['expctr.nested']).toEqual([[1, 2], [3, 4]]); // prettier-ignore
  expect(file.metadata['tokenizer.ggml.tokens']).toHaveLength(40);
  expect(file.metadata['llama.attention.layer_norm_rms_epsilon']).toBe(Math.fround(1e-5));
});

test('a folder with one GGUF file and no safetensors is that file', async () => {
  await copyFile(fixture('tiny-llama.gguf'), path('m.gguf'));
  const checkpoint = await loadCheckpoint(path());
  expect(checkpoint.source).toBe(path());
  expect(hashes(checkpoint)).toEqual(tiny.sha256);
});

test('undoing the permutation sends row (head, i, half) to (head, half, i)', () => {
  const rows = [0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15]; // two heads of width 8, as llama.cpp keeps them
  const data = Float32Array.from(rows.flatMap((row) => [row, row + 0.5]));
  const { data: back } = unpermuteHeads({ data, shape: [16, 2], dtype: 'float32' }, 2);
  expect([...back]).toEqual(Array.from({ length: 16 }, (_, row) => [row, row + 0.5]).flat());
});

const smollm2 = modelAsset('SmolLM2-135M-Instruct');

test.skipIf(smollm2.missing)('SmolLM2-135M: all 272 tensors equal the reference dequantization to the last bit', async () => {
  const progress: number[] = [];
  const checkpoint = await loadCheckpoint(smollm2.path, { onProgress: (loaded, total) => progress.push(loaded / total) });
  expect(checkpoint.config).toMatchObject({
    layers: 30,
    heads: 9,
    keyValueHeads: 3,
    headDim: 64,
    ropeTheta: 100_000,
    tiedEmbeddings: true,
    eosTokenIds: [2],
  });
  expect(hashes(checkpoint)).toEqual(json('smollm2-tensors.json'));
  expect(progress).toHaveLength(272);
  expect(progress.at(-1)).toBe(1);
});
