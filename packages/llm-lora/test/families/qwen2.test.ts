import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/formats/checkpoint.js';
import { failure } from '../formats/failure.js';
import { temporaryFolder } from '../formats/temporary-folder.js';
import { familyFiles, type FamilyFiles } from './fixture.js';

describe('qwen2', () => {
  const path = temporaryFolder();
  let files: FamilyFiles;
  beforeAll(async () => {
    files = await familyFiles('qwen2');
  });
  afterAll(() => files.remove());

  /** The fixture with changes in its config.json. */
  async function withConfig(change: Record<string, unknown>, form: 'safetensors' | 'gguf' = 'safetensors'): Promise<string> {
    const config = JSON.parse(await readFile(`${files.folder}/config.json`, 'utf8')) as Record<string, unknown>;
    await writeFile(path('config.json'), JSON.stringify({ ...config, ...change }));
    const weights = form === 'gguf' ? files.gguf : `${files.folder}/model.safetensors`;
    await copyFile(weights, path(basename(weights)));
    return path();
  }

  test.each([
    [{ layer_types: ['full_attention', 'chunked_attention'] }, 'layer_types names "chunked_attention"'],
    [{ layer_types: ['full_attention'] }, 'layer_types names 1 blocks'],
    [{ use_sliding_window: false }, 'sliding_window is missing'],
    [{ sliding_window: 0 }, 'sliding_window is 0'],
    [{ rope_parameters: { rope_type: 'ntk', factor: 4 } }, '"ntk"'],
  ])('a configuration with %j is refused', async (change, part) => {
    await expect(loadCheckpoint(await withConfig(change))).rejects.toThrow(failure('CONFIG_BAD_FIELD', 'config.json', part));
  });

  test('an untied head is asked for where the configuration says so', async () => {
    await expect(loadCheckpoint(await withConfig({ tie_word_embeddings: false }))).rejects.toThrow(
      failure('CHECKPOINT_MISSING_TENSOR', 'lm_head.weight', '[60, 16]'),
    );
  });

  const asLlama = { architectures: ['LlamaForCausalLM'], model_type: 'llama' };

  test('its biases are no part of a Llama', async () => {
    await expect(loadCheckpoint(await withConfig(asLlama))).rejects.toThrow(failure('CHECKPOINT_UNKNOWN_TENSOR', '_proj.bias'));
  });

  test('config.json of another family beside its GGUF file is refused, its own one comes first', async () => {
    await expect(loadCheckpoint(await withConfig(asLlama, 'gguf'))).rejects.toThrow(
      failure('CHECKPOINT_CONFIG_MISMATCH', 'family qwen2 against llama'),
    );
    const { family, config } = await loadCheckpoint(await withConfig({ eos_token_id: [2, 5] }, 'gguf'));
    expect(family.name).toBe('qwen2');
    expect(config.eosTokenIds).toEqual([2, 5]);
  });
});
