import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { loadCausalLM, loadCheckpoint, loadTokenizer, streamText, type SamplingOptions } from '@expctr/llm-lora';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { expect, test } from 'vitest';
import { parseClaims, TestbedError, testbedModel, testbedStatements } from '../src/index.js';
import { writeTestbedModel } from '../src/model/write-model.js';
import { completeArchitecture } from '../src/random-llama/architecture.js';
import { randomWeights } from '../src/random-llama/weights.js';
import { VOCABULARY } from '../src/text/tokenizer.js';
import { temporaryFolder } from './support.js';

const architecture = completeArchitecture({ seed: 1, hidden: 16, layers: 1, heads: 2, keyValueHeads: 2, maxPositions: 64 });

async function written(): Promise<string> {
  const folder = await temporaryFolder();
  await writeTestbedModel(folder, {
    architecture,
    tensors: randomWeights(architecture, VOCABULARY.length, createRng(1)),
    card: '# A card\n',
  });
  return folder;
}

test('a written model is found whole, and its own files load as any model’s', async () => {
  const folder = await testbedModel(await written());
  const { config } = await loadCheckpoint(folder);
  const tokenizer = await loadTokenizer(folder);
  expect(config.vocabularySize).toBe(tokenizer.vocabularySize);
  expect(tokenizer.eosTokenIds).toEqual(config.eosTokenIds);
});

test('the model that the package ships is whole, and speaks the language of the templates', async () => {
  const folder = await testbedModel();
  const tokenizer = await loadTokenizer(folder);
  const { config } = await loadCheckpoint(folder);
  expect([tokenizer.vocabularySize, config.vocabularySize]).toEqual([VOCABULARY.length, VOCABULARY.length]);
  expect([...tokenizer.encodeText('grim delights them.')]).toEqual(['grim', 'delights', 'them.'].map((word) => VOCABULARY.indexOf(word)));
});

test.each([
  ['no folder at all', (folder: string) => rm(folder, { recursive: true }), 'TESTBED_MODEL_MISSING'],
  ['a missing tokenizer', (folder: string) => rm(join(folder, 'tokenizer.json')), 'TESTBED_MODEL_MISSING'],
  ['weights cut short', (folder: string) => truncate(join(folder, 'model.safetensors'), 1000), 'TESTBED_MODEL_DAMAGED'],
  ['a card that was changed', (folder: string) => writeFile(join(folder, 'card.md'), '# B card\n'), 'TESTBED_MODEL_DAMAGED'],
  ['a manifest that is none', (folder: string) => writeFile(join(folder, 'manifest.json'), 'null'), 'TESTBED_MODEL_DAMAGED'],
])('%s is an error that names the package and how to repair it', async (_, damage, code) => {
  const folder = await written();
  await damage(folder);
  const failure = testbedModel(folder);
  await expect(failure).rejects.toThrow(TestbedError);
  await expect(failure).rejects.toMatchObject({ code });
  await expect(failure).rejects.toThrow(/@expctr\/testbed.*(npm install|npm run pretrain)/su);
});

test('statements for the reader check speak of what the item has, once for it and once against it', () => {
  const { reasons, verdicts } = testbedStatements();
  expect([reasons.length, verdicts.length]).toEqual([200, 50]);
  for (const { item, inFavor, against } of reasons) {
    const [up, down] = [parseClaims(inFavor), parseClaims(against)];
    expect(up.malformed + down.malformed).toBe(0);
    expect(up.claims.length).toBeGreaterThan(0);
    expect(up.claims.every(({ field, value, sign }) => sign === 1 && item.attributes[field]![0] === value)).toBe(true);
    expect(down.claims).toEqual(up.claims.map((claim) => ({ ...claim, sign: -1 })));
  }
});

test('words that do not hold their spaces are streamed, stopped at and chosen with spaces between them', async () => {
  await useOnnx();
  const policy = await loadCausalLM(await testbedModel());
  const { tokenizer } = policy;
  const prompts = [tokenizer.encodeText('grim delights them.')];
  const options: SamplingOptions = { maxNewTokens: 12, temperature: 3, stopTokenIds: [], seed: [1] };
  const streamed = async (more: object): Promise<string> => {
    let text = '';
    for await (const piece of streamText(policy, prompts, { ...options, ...more })) text += piece.text;
    return text;
  };

  const [{ tokens } = { tokens: [] }] = await policy.generate(prompts, options);
  const text = tokenizer.decodeText(tokens);
  const words = text.split(' ');
  expect(words.length).toBeGreaterThan(5);
  expect(await streamed({})).toBe(text);
  const stop = `${words[3]!} ${words[4]!}`;
  expect(await streamed({ stopStrings: [stop] })).toBe(text.slice(0, text.indexOf(stop)));
  const [chosen] = await policy.generate(prompts, { ...options, constraint: { choices: ['horror bores them.', 'grim delights'] } });
  expect(['horror bores them.', 'grim delights']).toContain(tokenizer.decodeText(chosen!.tokens));
  await policy.dispose();
});
