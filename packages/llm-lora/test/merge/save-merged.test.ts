import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAMILIES } from '../../src/families/table.js';
import { loadCheckpoint, storedCheckpoint, type Checkpoint } from '../../src/formats/checkpoint.js';
import { openGguf } from '../../src/formats/gguf/open.js';
import type { StoredTensor } from '../../src/formats/host-tensor.js';
import { openSafetensors } from '../../src/formats/safetensors/read.js';
import { mergeAdapter } from '../../src/merge/merge-adapter.js';
import { saveMerged, type SaveMergedOptions } from '../../src/merge/save-merged.js';
import { createPolicy, type CausalLM } from '../../src/policy/causal-lm.js';
import type { DecoderConfig } from '../../src/model/config.js';
import { familyAdapter, familyFiles, readNumbers, type FamilyFiles } from '../families/fixture.js';
import { failure } from '../formats/failure.js';
import { temporaryFolder } from '../formats/temporary-folder.js';
import { largestDifference, useBackend } from '../model/oracle.js';

const path = temporaryFolder();
const files = new Map<string, FamilyFiles>();

beforeAll(async () => {
  for (const name of Object.keys(FAMILIES)) files.set(name, await familyFiles(name));
});
afterAll(async () => {
  for (const each of files.values()) await each.remove();
});

/** A policy over a checkpoint with the family's adapter on all linear layers. */
function policyOf(name: string, checkpoint: Checkpoint<DecoderConfig, StoredTensor>): CausalLM {
  const policy = createPolicy(checkpoint);
  policy.adapters.set('mine', familyAdapter(readNumbers(name)));
  return policy;
}

const llama = async (): Promise<CausalLM> => policyOf('llama', await loadCheckpoint(files.get('llama')!.folder));

/** What llama.cpp has no metadata for. */
const NOT_IN_GGUF: Readonly<Record<string, string>> = { mistral: 'windows', qwen2: 'windows' };

test.each(Object.keys(FAMILIES))('%s: a folder and a GGUF file hold the merged weights, from either form', async (name) => {
  const { folder, gguf } = files.get(name)!;
  for (const source of [folder, gguf]) {
    const policy = policyOf(name, await loadCheckpoint(source));
    const { tensors } = mergeAdapter(policy.checkpoint, policy.adapters.get('mine'));
    const saved = source === folder ? [path('folder'), path('a.gguf')] : [path('b.gguf')];
    for (const destination of saved) {
      const form = destination.endsWith('.gguf') ? ({ format: 'gguf', dtype: 'float32', tokenizer: source === gguf } as const) : {};
      const saving = saveMerged(policy, 'mine', destination, form);
      if (destination.endsWith('a.gguf') && NOT_IN_GGUF[name] !== undefined) {
        await expect(saving).rejects.toThrow(failure('GGUF_CONFIG', NOT_IN_GGUF[name], 'safetensors'));
        continue;
      }
      await saving;
      const back = await loadCheckpoint(destination);
      expect([...back.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
      for (const [tensor, { data }] of tensors) expect(largestDifference(back.tensors.get(tensor)!.data, data)).toBeLessThan(3e-7); // llama.cpp adds 1 to Gemma's norms
      expect(back.config.eosTokenIds).toEqual(source === folder && form.format === 'gguf' ? [] : policy.config.eosTokenIds);
    }
  }
});

test('the saved model answers as the base model with its adapter does, one that is kept small, too', async () => {
  await useBackend('onnx');
  const { rows, temperature, logProbs } = readNumbers('llama').lora;
  const batch = { prompts: rows.map(({ prompt }) => prompt), responses: rows.map(({ response }) => response), temperature };
  const plain = await loadCheckpoint(files.get('llama')!.folder);
  const small = await storedCheckpoint(plain, 'int8');
  for (const [checkpoint, expected] of [
    [plain, logProbs],
    [small, null],
  ] as const) {
    const policy = policyOf('llama', checkpoint);
    const wanted = expected ?? (await policy.logProbabilities(batch, 'mine'));
    const options: SaveMergedOptions = expected === null ? { format: 'gguf', dtype: 'float32', tokenizer: false } : { maxShardBytes: 9000 };
    const destination = path(expected === null ? 'merged.gguf' : 'merged');
    await saveMerged(policy, 'mine', destination, options);
    const merged = createPolicy(await loadCheckpoint(destination));
    const got = await merged.logProbabilities(batch, null);
    expect(
      largestDifference(
        got.flatMap((row) => Array.from(row)),
        wanted.flatMap((row) => Array.from(row)),
      ),
    ).toBeLessThan(5e-5);
    await merged.dispose();
    await policy.dispose();
  }
});

test('a folder has the files of the base model, shards with an index, and no more than that', async () => {
  const base = files.get('llama')!.folder;
  await mkdir(path('base'));
  for (const name of await readdir(base)) if (name.includes('.')) await copyFile(join(base, name), path('base', name));
  const extras = {
    'tokenizer.json': '{"a":1}',
    'tokenizer_config.json': '{}',
    'chat_template.jinja': '{{ messages }}',
    'generation_config.json': '{}',
  };
  for (const [name, text] of Object.entries(extras)) await writeFile(path('base', name), text);
  await writeFile(path('base', 'pytorch_model.bin'), 'old weights');
  const policy = policyOf('llama', await loadCheckpoint(path('base')));
  const seen: number[] = [];
  await saveMerged(policy, 'mine', path('out'), { maxShardBytes: 9000, onProgress: (written, total) => seen.push(written / total) });
  expect(seen.at(-1)).toBe(1);
  const names = await readdir(path('out'));
  const shards = names.filter((name) => name.endsWith('.safetensors'));
  expect(shards[0]).toBe(`model-00001-of-0000${shards.length}.safetensors`);
  expect(shards.length).toBeGreaterThan(2);
  expect(names.filter((name) => !shards.includes(name)).sort()).toEqual(
    [...Object.keys(extras), 'config.json', 'model.safetensors.index.json'].sort(),
  );
  for (const [name, text] of Object.entries(extras)) expect(await readFile(path('out', name), 'utf8')).toBe(text);
  for (const shard of shards) {
    const file = await openSafetensors(path('out', shard));
    const bytes = [...file.entries.values()].reduce((sum, { begin, end }) => sum + end - begin, 0);
    expect(bytes <= 9000 || file.entries.size === 1).toBe(true);
    await file.close();
  }
  const index = JSON.parse(await readFile(path('out', 'model.safetensors.index.json'), 'utf8')) as {
    metadata: { total_size: number };
    weight_map: object;
  };
  expect(Object.keys(index.weight_map)).toHaveLength(policy.checkpoint.tensors.size);
  expect((await readdir(path())).sort()).toEqual(['base', 'out']);
});

test.each([
  ['float32', 'F32'],
  ['float16', 'F16'],
  ['bfloat16', 'BF16'],
] as const)('weights are stored as %s, and config.json says so', async (dtype, type) => {
  const policy = await llama();
  await saveMerged(policy, null, path('out'), { dtype });
  const file = await openSafetensors(path('out', 'model.safetensors'));
  expect(new Set([...file.entries.values()].map((entry) => entry.type))).toEqual(new Set([type]));
  await file.close();
  expect(JSON.parse(await readFile(path('out', 'config.json'), 'utf8'))).toMatchObject({ dtype, tie_word_embeddings: false });
  const back = await loadCheckpoint(path('out'));
  for (const [name, { data }] of back.tensors) {
    const exact = policy.checkpoint.tensors.get(name) as { data: Float32Array }; // the fixture's weights are short enough for any of them
    expect(data).toEqual(exact.data);
  }
});

test('a head that was parted from a tied table is written, and config.json no longer ties it', async () => {
  const checkpoint = await loadCheckpoint(files.get('qwen3')!.folder);
  const table = checkpoint.tensors.get('model.embed_tokens.weight')!;
  const head = { ...table, data: table.data.map((value) => 2 * value) };
  const untied = {
    ...checkpoint,
    config: { ...checkpoint.config, tiedEmbeddings: false },
    tensors: new Map(checkpoint.tensors).set('lm_head.weight', head),
  };
  await saveMerged(createPolicy(untied), null, path('out'));
  expect(JSON.parse(await readFile(path('out', 'config.json'), 'utf8'))).toMatchObject({ tie_word_embeddings: false });
  expect((await loadCheckpoint(path('out'))).tensors.get('lm_head.weight')!.data).toEqual(head.data);
});

describe('what cannot be saved leaves nothing', () => {
  /** @param change of the merged weights, which makes them what they are not */
  async function refused(options: SaveMergedOptions, destination: string, expected: Error, policy?: CausalLM): Promise<void> {
    const before = await readdir(path());
    await expect(saveMerged(policy ?? (await llama()), 'mine', destination, options)).rejects.toThrow(expected);
    expect(await readdir(path())).toEqual(before);
  }

  test('numbers that half precision has no room for', async () => {
    const policy = await llama();
    const { config, tensors } = policy.adapters.get('mine');
    const [module, { a, b }] = [...tensors].at(-1)!;
    const large = { a: { ...a, data: a.data.map(() => 1000) }, b: { ...b, data: b.data.map(() => 1000) } };
    policy.adapters.set('mine', { config, tensors: new Map(tensors).set(module, large) });
    await refused({ dtype: 'float16' }, path('out'), failure('MERGE_OVERFLOW', `${module}.weight`, 'bfloat16'), policy);
    await refused({ format: 'gguf', tokenizer: false }, path('out.gguf'), failure('MERGE_OVERFLOW', module), policy);
  });

  test('a destination where something is', async () => {
    await mkdir(path('full'));
    await writeFile(path('full', 'mine.txt'), 'mine');
    await writeFile(path('full', 'model.gguf'), 'mine');
    await refused({}, path('full'), failure('MERGE_DESTINATION', 'full', 'folder already'));
    await refused({ format: 'gguf' }, path('full', 'model.gguf'), failure('MERGE_DESTINATION', 'model.gguf'));
    await refused({ format: 'gguf' }, path('model.bin'), failure('MERGE_DESTINATION', 'model.bin', '.gguf'));
    expect((await readdir(path('full'))).sort()).toEqual(['mine.txt', 'model.gguf']);
    await mkdir(path('empty'));
    await saveMerged(await llama(), 'mine', path('empty'));
    expect(await readdir(path('empty'))).toContain('model.safetensors');
  });

  test('a checkpoint without the files of a model, or with those of another', async () => {
    const checkpoint = { ...(await loadCheckpoint(files.get('llama')!.gguf)), source: 'made in memory' };
    const policy = policyOf('llama', checkpoint);
    await refused({}, path('out'), failure('MERGE_NO_CONFIG', 'made in memory', 'files'), policy);
    await refused({ files: files.get('qwen3')!.folder }, path('out'), failure('CHECKPOINT_CONFIG_MISMATCH', 'model_type'), policy);
    await refused({ format: 'gguf' }, path('out.gguf'), failure('GGUF_TOKENIZER', 'tokenizer.json', 'tokenizer: false'), policy);
    await saveMerged(policy, 'mine', path('out'), { files: files.get('llama')!.folder }); // its factors of frequencies are those of config.json's scaling
    expect((await loadCheckpoint(path('out'))).family.name).toBe('llama');
  });

  test('an adapter that is not there, and options that are none', async () => {
    const policy = await llama();
    await expect(saveMerged(policy, 'other', path('out'))).rejects.toThrow(expect.objectContaining({ code: 'ADAPTER_UNKNOWN' }) as Error);
    for (const wrong of [
      { dtype: 'q8_0' },
      { format: 'onnx' },
      { tokenizer: false },
      { maxShardBytes: 0 },
      { format: 'gguf', maxShardBytes: 5 },
      { format: 'gguf', dtype: 'bfloat16' },
    ]) {
      await refused(
        wrong as SaveMergedOptions,
        path('out.gguf'),
        failure('MERGE_OPTION', Object.values(wrong).length > 1 ? '' : `${Object.keys(wrong)[0]}`),
      );
    }
    await expect(saveMerged(policy, 'mine', path('out'), { dtyp: 'float32' } as SaveMergedOptions)).rejects.toThrow(
      expect.objectContaining({ code: 'OPTIONS_UNKNOWN' }) as Error,
    );
  });
});

test('of a GGUF file all metadata go with it, but for those of the tokenizer where they are not wanted', async () => {
  const { gguf } = files.get('gemma2')!;
  const policy = policyOf('gemma2', await loadCheckpoint(gguf));
  await saveMerged(policy, 'mine', path('with.gguf'), { format: 'gguf', dtype: 'q8_0' });
  await saveMerged(policy, 'mine', path('without.gguf'), { format: 'gguf', tokenizer: false });
  const [before, whole, less] = await Promise.all([gguf, path('with.gguf'), path('without.gguf')].map(openGguf));
  expect(whole!.metadata).toMatchObject(before!.metadata);
  expect(whole!.metadata).toMatchObject({ 'general.file_type': 7 });
  expect(Object.keys(less!.metadata).some((key) => key.startsWith('tokenizer.'))).toBe(false);
  expect(less!.metadata).toMatchObject({ 'gemma2.vocab_size': 60, 'general.file_type': 1 });
  expect(whole!.tensors.get('blk.0.attn_q.weight')!.type).toBe(1); // rows of 16 fill no block of 32
  expect(whole!.tensors.get('blk.0.attn_norm.weight')!.type).toBe(0);
  for (const file of [before, whole, less]) await file!.close();
});
