import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/formats/checkpoint.js';
import { failure } from '../formats/failure.js';
import { temporaryFolder } from '../formats/temporary-folder.js';
import { testFamily } from './family-suite.js';

const FOLDER = resolve(import.meta.dirname, '../fixtures/families/qwen2');

describe('qwen2', () => {
  testFamily('qwen2');
  const path = temporaryFolder();

  /** The fixture with changes in its config.json, its weights from `weights`. */
  async function withConfig(change: Record<string, unknown>, weights = 'model.safetensors'): Promise<string> {
    const config = JSON.parse(await readFile(resolve(FOLDER, 'config.json'), 'utf8')) as Record<string, unknown>;
    await writeFile(path('config.json'), JSON.stringify({ ...config, ...change }));
    await copyFile(resolve(FOLDER, weights), path(basename(weights)));
    return path();
  }

  test.each([
    [{ use_sliding_window: true }, 'use_sliding_window is true'],
    [{ layer_types: ['full_attention', 'sliding_attention'] }, 'layer_types names "sliding_attention"'],
    [{ rope_parameters: { rope_type: 'yarn', factor: 4 } }, '"yarn"'],
  ])('a configuration with %j is refused', async (change, part) => {
    await expect(loadCheckpoint(await withConfig(change))).rejects.toThrow(failure('CONFIG_BAD_FIELD', 'config.json', part));
  });

  test('an untied head is asked for where the configuration says so', async () => {
    await expect(loadCheckpoint(await withConfig({ tie_word_embeddings: false }))).rejects.toThrow(
      failure('CHECKPOINT_MISSING_TENSOR', 'lm_head.weight', '[60, 16]'),
    );
  });

  const asLlama = { architectures: ['LlamaForCausalLM'], model_type: 'llama', layer_types: null };

  test('its biases are no part of a Llama', async () => {
    await expect(loadCheckpoint(await withConfig(asLlama))).rejects.toThrow(failure('CHECKPOINT_UNKNOWN_TENSOR', '_proj.bias'));
  });

  test('config.json of another family beside its GGUF file is refused, its own one comes first', async () => {
    await expect(loadCheckpoint(await withConfig(asLlama, 'gguf/model.gguf'))).rejects.toThrow(
      failure('CHECKPOINT_CONFIG_MISMATCH', 'family qwen2 against llama'),
    );
    const { family, config } = await loadCheckpoint(await withConfig({ eos_token_id: [2, 5] }, 'gguf/model.gguf'));
    expect(family.name).toBe('qwen2');
    expect(config.eosTokenIds).toEqual([2, 5]);
  });
});
