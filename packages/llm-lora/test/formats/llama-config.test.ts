import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/formats/config-file.js';
import { familiesWith } from '../../src/families/find.js';
import type { RotaryDecoderConfig } from '../../src/families/shared/config.js';
import { failure } from './failure.js';
import { temporaryFolder } from './temporary-folder.js';
import { TINY } from './tiny-model.js';

const path = temporaryFolder();

async function parse(change: Record<string, unknown>): Promise<RotaryDecoderConfig | undefined> {
  await writeFile(path('config.json'), JSON.stringify({ ...TINY, ...change }));
  return (await readConfig(path(), familiesWith()))?.config as RotaryDecoderConfig | undefined;
}

test('a folder without config.json has no configuration', async () => {
  expect(await readConfig(path(), familiesWith())).toBeNull();
});

test('what is optional in config.json has its Llama default', async () => {
  const optional = ['num_key_value_heads', 'head_dim', 'rope_theta', 'tie_word_embeddings', 'hidden_act', 'bos_token_id', 'eos_token_id'];
  const config = await parse(Object.fromEntries(optional.map((name) => [name, undefined])));
  expect(config).toMatchObject({
    keyValueHeads: 4,
    headDim: 2,
    ropeTheta: 10_000,
    tiedEmbeddings: false,
    bosTokenId: null,
    eosTokenIds: [],
  });
});

test('the width of a head is its own number where it is given', async () => {
  expect(await parse({ head_dim: 6 })).toMatchObject({ hiddenSize: 8, headDim: 6 });
});

test.each<[string, Record<string, unknown>, Partial<RotaryDecoderConfig>]>([
  ['rope_theta beside the rest', { rope_theta: 500_000 }, { ropeTheta: 500_000, ropeScaling: null }],
  [
    'rope_theta in rope_parameters',
    { rope_theta: undefined, rope_parameters: { rope_theta: 77, rope_type: 'default' } },
    { ropeTheta: 77, ropeScaling: null },
  ],
  ['rope_parameters before the rest', { rope_parameters: { rope_theta: 77 } }, { ropeTheta: 77 }],
  ['no scaling', { rope_scaling: null }, { ropeScaling: null }],
  ['the default scaling', { rope_scaling: { type: 'default' } }, { ropeScaling: null }],
  ['dynamic scaling within the context', { rope_scaling: { type: 'dynamic', factor: 4 } }, { ropeScaling: null, maxPositions: 32 }],
  ['biases', { attention_bias: true }, { biases: { attention: true, output: true, mlp: false } }],
  [
    'YaRN, its factor from the contexts',
    { rope_scaling: { type: 'yarn', original_max_position_embeddings: 8, mscale: 1, mscale_all_dim: 1 } },
    { ropeScaling: { type: 'yarn', factor: 4, betaFast: 32, betaSlow: 1, originalMaxPositions: 8, attentionFactor: 1, truncate: true } },
  ],
  [
    'LongRoPE, up to the context of pre-training',
    { rope_scaling: { type: 'longrope', short_factor: [1.5], long_factor: [9] }, original_max_position_embeddings: 16 },
    { maxPositions: 16, ropeScaling: { type: 'factors', factors: [1.5], attentionFactor: Math.sqrt(1 + Math.log(2) / Math.log(16)) } },
  ],
  ['linear scaling', { rope_scaling: { type: 'linear', factor: 2 } }, { ropeScaling: { type: 'linear', factor: 2 } }],
  [
    "Llama 3's scaling",
    { rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 } },
    { ropeScaling: { type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 8192 } },
  ],
])('%s is understood', async (_, change, expected) => {
  expect(await parse(change)).toMatchObject(expected);
});

test.each<[string, Record<string, unknown>, ...string[]]>([
  [
    'another scaling',
    { rope_scaling: { rope_type: 'ntk', factor: 4 } },
    'rope_scaling',
    '"ntk"',
    'linear, dynamic, llama3, yarn or longrope',
  ],
  [
    'LongRoPE without its factors',
    { rope_scaling: { type: 'su', short_factor: [1, 2] } },
    'short_factor has 2 entries',
    '1 positive numbers',
  ],
  ['a part of a head that is odd', { partial_rotary_factor: 0.4 }, 'partial_rotary_factor is 0.4', 'even'],
  ['a scaling without its factor', { rope_scaling: { type: 'linear' } }, 'factor is missing'],
  ['a scaling by zero', { rope_scaling: { type: 'linear', factor: 0 } }, 'factor is 0', 'positive'],
  ['a scaling that is no object', { rope_scaling: 'linear' }, 'rope_scaling is "linear"'],
  ['another activation', { hidden_act: 'gelu' }, 'hidden_act is "gelu"', 'silu'],
  ['interleaved rotary embeddings', { rope_interleaved: true }, 'rope_interleaved is true'],
  ['heads that cannot be grouped', { num_key_value_heads: 3 }, 'num_key_value_heads is 3', '4 query heads'],
  ['a width that heads do not divide', { hidden_size: 9, head_dim: undefined }, 'hidden_size is 9', 'multiple'],
  ['a head of odd width', { head_dim: 3 }, 'head_dim is 3', 'even'],
  ['a missing size', { intermediate_size: undefined }, 'intermediate_size is missing', 'at least 1'],
  ['a size that is a text', { num_hidden_layers: '2' }, 'num_hidden_layers is "2"'],
  ['no layers', { num_hidden_layers: 0 }, 'num_hidden_layers is 0'],
  ['layers without end', { num_hidden_layers: 1e9 }, 'num_hidden_layers is 1000000000', 'at most 2048'],
  ['a vocabulary without end', { vocab_size: 2 ** 40 }, 'vocab_size is 1099511627776', 'at most 8388608'],
  ['a width without end', { hidden_size: 2 ** 31, head_dim: 2 }, 'hidden_size is 2147483648', 'at most 1048576'],
  ['heads without end', { num_attention_heads: 2 ** 20, num_key_value_heads: 1 }, 'num_attention_heads is 1048576', 'at most 8192'],
  ['a switch that is a text', { tie_word_embeddings: 'yes' }, 'tie_word_embeddings is "yes"', 'true or false'],
  ['token ids that are none', { eos_token_id: [2, 'x'] }, 'eos_token_id is [2,"x"]'],
])('%s is refused by name', async (_, change, ...parts) => {
  await expect(parse(change)).rejects.toThrow(failure('CONFIG_BAD_FIELD', 'config.json', ...parts));
});

test.each([
  [{ architectures: ['MixtralForCausalLM'], model_type: 'mixtral' }, '"MixtralForCausalLM"'],
  [{ architectures: ['LlamaForSequenceClassification'] }, '"LlamaForSequenceClassification"'],
  [{ architectures: undefined, model_type: 'gpt_neox' }, '"gpt_neox"'],
  [{ architectures: undefined, model_type: undefined }, 'null'],
])('the architecture %j is refused with the list of those that are supported', async (change, name) => {
  await expect(parse(change)).rejects.toThrow(failure('CONFIG_UNSUPPORTED_ARCHITECTURE', 'config.json', name, 'LlamaForCausalLM'));
});

test.each(['', '{"a": 1', '[1]', 'null'])('a config.json of %j is a typed error', async (text) => {
  await writeFile(path('config.json'), text);
  await expect(readConfig(path(), familiesWith())).rejects.toThrow(failure('CONFIG_NOT_JSON', 'config.json'));
});

test('the ids that end a sequence come from generation_config.json where it has them', async () => {
  await writeFile(path('generation_config.json'), '{"eos_token_id": [5, 6]}');
  expect((await parse({}))?.eosTokenIds).toEqual([5, 6]);
  await writeFile(path('generation_config.json'), '{"eos_token_id": null}');
  expect((await parse({}))?.eosTokenIds).toEqual([2]);
});
