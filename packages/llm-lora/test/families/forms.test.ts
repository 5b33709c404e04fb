import { ExpctrError } from '@expctr/core';
import fc from 'fast-check';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAMILIES } from '../../src/families/table.js';
import { familiesWith } from '../../src/families/find.js';
import { readConfig } from '../../src/formats/config-file.js';
import { loadCheckpoint } from '../../src/formats/checkpoint.js';
import { fieldsOf } from '../../src/formats/fields.js';
import { transpose } from '../../src/formats/hugging-face-source.js';
import { writeSafetensors } from '../../src/formats/safetensors/write.js';
import { createPolicy } from '../../src/policy/causal-lm.js';
import { failure } from '../formats/failure.js';
import { temporaryFolder } from '../formats/temporary-folder.js';
import { gradientDifferences } from '../model/lora-fixture.js';
import { largestDifference, useBackend } from '../model/oracle.js';
import { familyAdapter, familyFiles, familyTensors, readNumbers, type FamilyFiles } from './fixture.js';

type Name = keyof typeof FAMILIES;
const NAMES = Object.keys(FAMILIES) as Name[];
const path = temporaryFolder();
const CONFIGS = new Map(
  NAMES.map((name) => {
    const text = readFileSync(resolve(import.meta.dirname, '../fixtures/families', name, 'config.json'), 'utf8');
    return [name, JSON.parse(text) as Record<string, unknown>] as const;
  }),
);
const configOf = (name: Name): Record<string, unknown> => CONFIGS.get(name)!;
const parse = (name: Name, change: Record<string, unknown>): object =>
  FAMILIES[name].parseConfig(fieldsOf({ ...configOf(name), ...change }, 'config.json'));

describe('what a family does not do is refused by its field', () => {
  test.each<[Name, Record<string, unknown>, ...string[]]>([
    ['llama', { rope_interleaved: true }, 'rope_interleaved is true'],
    ['mistral', { hidden_act: 'gelu' }, 'hidden_act is "gelu"', '"silu"'],
    ['mistral', { sliding_window: -1 }, 'sliding_window is -1'],
    ['qwen3', { attention_bias: true }, 'attention_bias is true'],
    ['gemma2', { hidden_activation: 'relu' }, 'hidden_activation is "relu"', '"gelu_pytorch_tanh"'],
    ['gemma2', { attn_logit_softcapping: 0 }, 'attn_logit_softcapping is 0', 'null for none'],
    ['gemma3_text', { use_bidirectional_attention: true }, 'use_bidirectional_attention is true'],
    ['gemma3_text', { rope_parameters: { full_attention: { rope_type: 'ntk' } } }, 'rope_parameters.full_attention', '"ntk"'],
    ['gemma3_text', { rope_parameters: { sliding_attention: [] } }, 'rope_parameters.sliding_attention is []'],
    ['phi3', { rope_parameters: { rope_type: 'longrope', short_factor: [1, 0, 1] } }, 'short_factor has 3 entries', '4 positive'],
    ['smollm3', { no_rope_layers: [1, 1, 0] }, 'no_rope_layers is [1,1,0]', 'each of 4 blocks'],
    ['smollm3', { layer_types: ['sliding_attention', 'a', 'b', 'c'] }, 'layer_types names "a"'],
    ['gpt2', { scale_attn_by_inverse_layer_idx: true }, 'scale_attn_by_inverse_layer_idx is true'],
    ['gpt2', { add_cross_attention: true }, 'add_cross_attention is true'],
    ['gpt2', { activation_function: 'relu' }, 'activation_function is "relu"'],
    ['gpt2', { n_head: 3 }, 'n_embd is 16', 'multiple of the 3 heads'],
  ])('%s with %j', (name, change, ...parts) => {
    expect(() => parse(name, change)).toThrow(failure('CONFIG_BAD_FIELD', ...parts));
  });

  test('a configuration with any value in any field is read, or refused by a typed error', () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(0, -1, 0.5, 2 ** 40, '', 'yarn', [], ['full_attention'], {}, null),
    );
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), fc.nat(), value, (name, at, changed) => {
        const fields = [...Object.keys(configOf(name)), 'rope_scaling', 'no_rope_layer_interval', 'sliding_window_pattern', 'mlp_bias'];
        try {
          const config = parse(name, { [fields[at % fields.length]!]: changed });
          const sizes = Object.entries(config).filter(([field]) => /Size$|^layers$|eads$|Dim$/.test(field));
          expect(sizes.filter(([, size]) => !(Number.isInteger(size) && (size as number) > 0))).toEqual([]);
        } catch (error) {
          if (!(error instanceof ExpctrError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

test.each(['gptq', 'awq', 'fp8', 'bitsandbytes'])('weights that were quantized by %s are refused by that name', async (method) => {
  await writeFile(path('config.json'), JSON.stringify({ ...configOf('qwen3'), quantization_config: { quant_method: method, bits: 4 } }));
  await expect(readConfig(path(), familiesWith())).rejects.toThrow(failure('CONFIG_QUANTIZED', 'config.json', `"${method}"`, 'GGUF'));
});

describe('windows', () => {
  test.each<[Name, Record<string, unknown>, readonly (number | null)[] | undefined]>([
    ['mistral', {}, [7, 7]],
    ['mistral', { sliding_window: null }, undefined],
    ['mistral', { sliding_window: 48 }, undefined],
    ['mistral', { sliding_window: 47 }, [47, 47]],
    ['qwen2', {}, [null, 7]],
    ['qwen2', { use_sliding_window: false, layer_types: null }, undefined],
    ['gemma2', { layer_types: null }, [7, null]],
    ['gemma3_text', { layer_types: null, sliding_window_pattern: 2 }, [7, null, 7]],
    ['smollm3', { layer_types: null, use_sliding_window: true, sliding_window: 5 }, [null, null, null, 5]],
  ])('%s with %j', (name, change, windows) => {
    expect((parse(name, change) as { windows?: unknown }).windows).toEqual(windows);
  });

  test('local blocks have their own rotation though their window is longer than the context', () => {
    expect(parse('gemma3_text', { sliding_window: 4096 })).toMatchObject({ local: [true, true, false] });
    expect(parse('gemma3_text', { sliding_window: 4096 })).not.toHaveProperty('windows');
  });

  test("Mistral's GGUF file with its config.json beside is Mistral, with its window", async () => {
    const files = await familyFiles('mistral');
    await copyFile(files.gguf, path('model.gguf'));
    await writeFile(path('config.json'), await readFile(`${files.folder}/config.json`));
    const { family, config } = await loadCheckpoint(path());
    expect([family.name, (config as { windows?: unknown }).windows]).toEqual(['mistral', [7, 7]]);
    await files.remove();
  });
});

test('the first files of GPT-2, whose names begin at the block and which hold causal masks, are the same model', async () => {
  const tensors = familyTensors(readNumbers('gpt2'));
  const bare = new Map([...tensors].map(([name, tensor]) => [name.replace(/^transformer\./, ''), tensor]));
  for (const block of [0, 1]) bare.set(`h.${block}.attn.bias`, { data: new Float32Array(4), shape: [1, 1, 2, 2], dtype: 'float32' });
  await writeSafetensors(path('model.safetensors'), bare);
  await writeFile(path('config.json'), JSON.stringify(configOf('gpt2')));
  const { tensors: loaded } = await loadCheckpoint(path());
  expect([...loaded.keys()].sort()).toEqual([...tensors.keys()].sort());
  const name = 'transformer.h.1.mlp.c_fc.weight';
  expect(loaded.get(name)).toEqual(transpose(tensors.get(name)!));
  expect(loaded.get('transformer.wpe.weight')).toEqual(tensors.get('transformer.wpe.weight'));
});

describe('whatever the family', () => {
  let files: FamilyFiles[];
  beforeAll(async () => {
    await useBackend('onnx');
    files = await Promise.all((['mistral', 'phi3'] as const).map((name) => familyFiles(name)));
  });
  afterAll(() => Promise.all(files.map((each) => each.remove())));

  test('int8 matrices sample nearly the same distributions, and a text is the same alone as in a batch', async () => {
    for (const { folder } of files) {
      const policy = createPolicy(await loadCheckpoint(folder), null, { samplingWeights: 'int8' });
      const prompts = [[1, 9, 22, 3, 57, 12, 31, 8, 40, 5], [4, 4], [1, 2, 3, 17, 59]]; // prettier-ignore
      const completions = await policy.generate(prompts, { maxNewTokens: 9, stopTokenIds: [], seed: [3] });
      const responses = completions.map(({ tokens }) => tokens);
      const together = await policy.logProbabilities({ prompts, responses }, null);
      const off = completions.flatMap(({ logProbs }, row) => [...logProbs].map((value, at) => Math.abs(value - together[row]![at]!)));
      expect(off.reduce((sum, each) => sum + each, 0) / off.length).toBeLessThan(0.3);
      const [alone] = await policy.logProbabilities({ prompts: [prompts[1]!], responses: [responses[1]!] }, null);
      expect(largestDifference(alone!, together[1]!)).toBeLessThan(1e-4);
      await policy.dispose();
    }
  });

  test('gradients are the same where blocks are computed a second time', async () => {
    const numbers = readNumbers('mistral');
    const policy = createPolicy(await loadCheckpoint(files[0]!.folder), null, { limits: { recomputeLayers: true } });
    policy.adapters.set('peft', familyAdapter(numbers));
    const off = await gradientDifferences(policy, numbers.lora);
    expect(off.gradients).toBeLessThan(1e-4);
    await policy.dispose();
  });
});
