import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '@expctr/core';
import { loadCheckpoint, loadTokenizer } from '@expctr/llm-lora';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TestbedError, writeRandomLlama, type RandomLlamaOptions } from '../src/index.js';
import { temporaryFolder } from './support.js';

const FILES = ['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];

/** Any code points, surrogates among them. */
const anyText = fc.array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 20 }).map((points) => String.fromCodePoint(...points));

async function written(options: RandomLlamaOptions = { seed: 3, vocabulary: 500 }) {
  const folder = await temporaryFolder();
  const summary = await writeRandomLlama(folder, options);
  const files = await Promise.all(FILES.map(async (file) => sha256(await readFile(join(folder, file)))));
  return { folder, summary, files };
}

test('the same seed gives the same bytes, another seed other weights', async () => {
  const [first, second, other] = [await written(), await written(), await written({ seed: 4, vocabulary: 500 })];
  expect(second.files).toEqual(first.files);
  expect(other.files[2]).not.toBe(first.files[2]);
});

test('our own loader reads the checkpoint, and every matrix has deviation 1/sqrt(fan-in)', async () => {
  const { folder, summary } = await written();
  const { config, tensors } = await loadCheckpoint(folder);
  expect(config).toMatchObject({
    hiddenSize: 64,
    intermediateSize: 176,
    layers: 2,
    heads: 4,
    keyValueHeads: 2,
    headDim: 16,
    vocabularySize: summary.vocabulary,
    tiedEmbeddings: true,
    bosTokenId: 1,
    eosTokenIds: [2],
  });
  expect([...tensors.values()].reduce((sum, { data }) => sum + data.length, 0)).toBe(summary.parameters);
  for (const [name, { data, shape }] of tensors) {
    const fanIn = shape[1];
    const square = [...data].reduce((sum, x) => sum + x * x, 0) / data.length;
    expect(Math.sqrt(square), name).toBeCloseTo(fanIn === undefined ? 1 : 1 / Math.sqrt(fanIn), fanIn === undefined ? 6 : 2);
  }
});

test('an untied model has a head of its own', async () => {
  const { folder, summary } = await written({ seed: 3, vocabulary: 300, tied: false, layers: 1, heads: 2, keyValueHeads: 1, hidden: 32 });
  const { config, tensors } = await loadCheckpoint(folder);
  expect([config.layers, config.headDim]).toEqual([1, 16]);
  expect(tensors.get('lm_head.weight')?.shape).toEqual([summary.vocabulary, 32]);
});

test('the tokenizer represents every text and gives it back', async () => {
  const tokenizer = await loadTokenizer((await written()).folder);
  fc.assert(
    fc.property(anyText, (text) => {
      const wellFormed = new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text)); // lone surrogates have no bytes
      const ids = tokenizer.encodeText(wellFormed);
      expect(tokenizer.decode(ids)).toBe(wellFormed);
      expect(ids.every((id) => id >= 3 && id < tokenizer.vocabularySize)).toBe(true);
    }),
  );
});

test('every byte, and so every printable ASCII character, is one token; a text begins with <s>', async () => {
  const tokenizer = await loadTokenizer((await written()).folder);
  for (let code = 0x20; code < 0x7f; code += 1) expect(tokenizer.encodeText(String.fromCharCode(code)).length).toBe(1);
  const ids = tokenizer.encode({ form: 'completion', text: 'a film' });
  expect([ids[0], tokenizer.eosTokenIds, tokenizer.padTokenId, tokenizer.hasChatTemplate]).toEqual([1, [2], 0, false]);
  expect(tokenizer.decode(ids)).toBe('a film');
});

test('merges make prompts short', async () => {
  const tokenizer = await loadTokenizer((await written({ seed: 3 })).folder);
  const text = 'Liked: "Silent Witness, The (1984)" (genres: Crime, Mystery)\nMovie: "Cruel Garden (1971)" (genres: Comedy)\nAnalysis:';
  expect(tokenizer.vocabularySize).toBe(1024);
  expect(tokenizer.encodeText(text).length).toBeLessThan(text.length / 3);
});

test.each([
  [{ hidden: 63 }, 'testbed.hidden'],
  [{ heads: 3, hidden: 48, keyValueHeads: 2 }, 'testbed.keyValueHeads'],
  [{ layers: 0 }, 'testbed.layers'],
  [{ vocabulary: 100 }, 'testbed.vocabulary'],
  [{ seed: 0.5 }, 'testbed.seed'],
])('%j is refused by name', async (wrong, name) => {
  const failure = writeRandomLlama(await temporaryFolder(), { seed: 1, ...wrong });
  await expect(failure).rejects.toThrow(TestbedError);
  await expect(failure).rejects.toThrow(name);
});
