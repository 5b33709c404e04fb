import { ExpctrError } from '@expctr/core';
import fc from 'fast-check';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { loraScale, type Adapter } from '../../src/formats/adapter.js';
import type { FloatTensor } from '../../src/formats/host-tensor.js';
import { loadAdapter } from '../../src/formats/peft/load.js';
import { saveAdapter } from '../../src/formats/peft/save.js';
import { readSafetensors } from '../../src/formats/safetensors/read.js';
import { writeSafetensors } from '../../src/formats/safetensors/write.js';
import { failure } from './failure.js';
import { fixture, temporaryFolder } from './temporary-folder.js';

const path = temporaryFolder();
const PEFT = fixture('peft-stories260K');
const tensor = (...shape: number[]): FloatTensor => ({
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5),
  shape,
  dtype: 'float32',
});
const small = (config: Partial<Adapter['config']> = {}): Adapter => ({
  config: { rank: 2, alpha: 4, targetModules: ['q_proj'], ...config },
  tensors: new Map([['layers.0.self_attn.q_proj', { a: tensor(2, 8), b: tensor(8, 2) }]]),
});

test("PEFT's own adapter loads under plain module paths", async () => {
  const { config, tensors } = await loadAdapter(PEFT);
  expect(config).toEqual({
    rank: 2,
    alpha: 4,
    targetModules: expect.arrayContaining(['q_proj', 'v_proj']) as string[],
    baseModel: 'stories260K',
  });
  expect([...tensors.keys()].sort()).toEqual(
    [0, 1, 2, 3, 4].flatMap((i) => [`layers.${i}.self_attn.q_proj`, `layers.${i}.self_attn.v_proj`]),
  );
  expect(tensors.get('layers.3.self_attn.v_proj')?.a.shape).toEqual([2, 64]);
  expect(tensors.get('layers.3.self_attn.v_proj')?.b.shape).toEqual([32, 2]);
  const { tensors: stored } = await readSafetensors(`${PEFT}/adapter_model.safetensors`);
  expect(tensors.get('layers.3.self_attn.v_proj')?.b.data).toEqual(
    stored.get('base_model.model.model.layers.3.self_attn.v_proj.lora_B.weight')?.data,
  );
});

test("saving PEFT's adapter gives PEFT's files, byte for byte", async () => {
  await saveAdapter(path('out'), await loadAdapter(PEFT));
  expect((await readdir(path('out'))).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
  for (const name of await readdir(path('out'))) expect(await readFile(path('out', name))).toEqual(await readFile(`${PEFT}/${name}`));
});

test('any adapter comes back as it was saved', async () => {
  const module = fc.constantFrom(
    'self_attn.q_proj',
    'self_attn.k_proj',
    'self_attn.v_proj',
    'self_attn.o_proj',
    'mlp.gate_proj',
    'mlp.up_proj',
    'mlp.down_proj',
  );
  const arbitrary = fc.record({
    rank: fc.integer({ min: 1, max: 4 }),
    alpha: fc.integer({ min: 1, max: 64 }),
    stable: fc.boolean(),
    modules: fc.uniqueArray(module, { minLength: 1 }),
  });
  await fc.assert(
    fc.asyncProperty(arbitrary, async ({ rank, alpha, stable, modules }) => {
      const paths = [...modules.map((name) => `layers.0.${name}`), ...modules.map((name) => `layers.11.${name}`), 'lm_head'];
      const adapter: Adapter = {
        config: {
          rank,
          alpha,
          targetModules: [...modules.map((name) => name.split('.')[1] ?? ''), 'lm_head'],
          ...(stable ? { rankStabilized: true } : {}),
        },
        tensors: new Map(paths.sort().map((name) => [name, { a: tensor(rank, 3), b: tensor(5, rank) }])),
      };
      await saveAdapter(path('any'), adapter);
      const back = await loadAdapter(path('any'));
      expect(back.config).toEqual(adapter.config);
      expect(new Map([...back.tensors].sort())).toEqual(adapter.tensors);
    }),
    { numRuns: 20, seed: 8 },
  );
});

test('the scale is alpha / r, and alpha / sqrt(r) with rank stabilization', () => {
  expect(loraScale({ rank: 4, alpha: 8, targetModules: [] })).toBe(2);
  expect(loraScale({ rank: 4, alpha: 8, targetModules: [], rankStabilized: true })).toBe(4);
});

test('names without a prefix, as PEFT gives the output head, go under base_model.model', async () => {
  const head = { ...small({ targetModules: ['lm_head'] }), tensors: new Map([['lm_head', { a: tensor(2, 8), b: tensor(8, 2) }]]) };
  await saveAdapter(path('head'), head);
  const { tensors } = await readSafetensors(path('head', 'adapter_model.safetensors'));
  expect([...tensors.keys()]).toEqual(['base_model.model.lm_head.lora_A.weight', 'base_model.model.lm_head.lora_B.weight']);
});

async function peftWith(change: Record<string, unknown>): Promise<void> {
  await cp(PEFT, path('peft'), { recursive: true });
  const config = JSON.parse(await readFile(`${PEFT}/adapter_config.json`, 'utf8')) as Record<string, unknown>;
  await writeFile(path('peft', 'adapter_config.json'), JSON.stringify({ ...config, ...change }));
}

test.each<[string, unknown]>([
  ['bias', 'lora_only'],
  ['lora_bias', true],
  ['modules_to_save', ['lm_head']],
  ['layer_replication', [[0, 4]]],
  ['alora_invocation_tokens', [3, 4]],
  ['target_parameters', ['mlp.weight']],
  ['use_bdlora', { nblocks: 2 }],
  ['megatron_config', { a: 1 }],
  ['loftq_config', { loftq_bits: 4 }],
  ['arrow_config', { top_k: 2 }],
  ['ensure_weight_tying', true],
  ['trainable_token_indices', [1]],
  ['use_qalora', true],
  ['init_lora_weights', 'pissa'],
  ['init_lora_weights', 'pissa_niter_4'],
  ['init_lora_weights', 'olora'],
  ['init_lora_weights', 'corda'],
  ['init_lora_weights', 'loftq'],
  ['init_lora_weights', 'lora_ga'],
  ['peft_type', 'IA3'],
  ['peft_type', 'ADALORA'],
  ['peft_type', 'VERA'],
  ['peft_type', 'LOHA'],
  ['peft_type', null],
  ['a_field_of_a_later_version', { changes: 'everything' }],
])('%s = %j is refused by name', async (field, value) => {
  await peftWith({ [field]: value });
  await expect(loadAdapter(path('peft'))).rejects.toThrow(
    failure('ADAPTER_UNSUPPORTED', 'adapter_config.json', field, JSON.stringify(value)),
  );
});

test.each<[Record<string, unknown>, Partial<Adapter['config']>]>([
  [{ use_rslora: true }, { rankStabilized: true }],
  [{ fan_in_fan_out: true }, { fanInFanOut: true }],
  [{ target_modules: 'all-linear' }, { targetModules: ['q_proj', 'v_proj'] }],
  [{ target_modules: ['self_attn.q_proj', 'v_proj'] }, { targetModules: ['self_attn.q_proj', 'v_proj'] }],
  [{ target_modules: '.*(?P<part>self_attn)\\.[qv]_proj' }, { targetModules: /.*(?<part>self_attn)\.[qv]_proj/ }],
  [{ alpha_pattern: { q_proj: 8 } }, { alphaPattern: { q_proj: 8 } }],
  [{ rank_pattern: { o_proj: 8, 'v_proj|q_proj': 2 } }, { rankPattern: { o_proj: 8, 'v_proj|q_proj': 2 } }],
  [
    { layers_to_transform: [0, 1, 2, 3, 4], layers_pattern: 'layers' },
    { layersToTransform: [0, 1, 2, 3, 4], layersPattern: 'layers' },
  ],
  [{ exclude_modules: ['k_proj'] }, { excludeModules: ['k_proj'] }],
  [{ eva_config: { rho: 2 }, init_lora_weights: 'eva' }, {}],
  [{ lora_alpha: 1.5, lora_dropout: 0.1, init_lora_weights: 'gaussian' }, { alpha: 1.5 }],
])('%j is understood', async (change, expected) => {
  await peftWith(change);
  const adapter = await loadAdapter(path('peft'));
  expect(adapter.config).toMatchObject(expected);
  await saveAdapter(path('again'), adapter);
  expect((await loadAdapter(path('again'))).config).toEqual(adapter.config);
});

test.each<[string, Record<string, unknown>, string, ...string[]]>([
  ['another rank', { r: 4 }, 'ADAPTER_WRONG_SHAPE', 'lora_A', '[2, 64]', '[4, in]'],
  ['no rank', { r: null }, 'CONFIG_BAD_FIELD', 'r is missing'],
  ['a negative scale', { lora_alpha: -1 }, 'CONFIG_BAD_FIELD', 'lora_alpha is -1'],
  ['no targets', { target_modules: [] }, 'CONFIG_BAD_FIELD', 'target_modules is []'],
  ['fewer targets than tensors', { target_modules: ['q_proj'] }, 'ADAPTER_WRONG_TARGETS', 'v_proj'],
  ['a pattern that does not reach all tensors', { target_modules: '.*layers\\.[01].*q_proj' }, 'ADAPTER_WRONG_TARGETS', 'v_proj'],
  ['a name that Python would match as a whole', { target_modules: 'q_proj' }, 'ADAPTER_WRONG_TARGETS', 'q_proj'],
  ['tensors of excluded modules', { exclude_modules: ['v_proj'] }, 'ADAPTER_WRONG_TARGETS', 'v_proj'],
  ['tensors of other layers', { layers_to_transform: [0, 1] }, 'ADAPTER_WRONG_TARGETS', 'layers.2'],
  ['another rank for a layer', { rank_pattern: { '0.self_attn.q_proj': 4 } }, 'ADAPTER_WRONG_SHAPE', 'layers.0', '[4, in]'],
  ['DoRA without magnitudes', { use_dora: true }, 'ADAPTER_MISSING_TENSOR', 'layers.0', 'lora_magnitude_vector'],
  ['a pattern that is none', { target_modules: 'q_(proj' }, 'CONFIG_BAD_FIELD', 'target_modules', 'q_(proj'],
  ['a pattern of Python alone', { target_modules: 'q_proj\\Z' }, 'CONFIG_BAD_FIELD', 'target_modules'],
  ['a rank that is none', { rank_pattern: { q_proj: 1.5 } }, 'CONFIG_BAD_FIELD', 'rank_pattern', 'q_proj'],
  ['a key that is no pattern', { alpha_pattern: { '[': 4 } }, 'CONFIG_BAD_FIELD', 'alpha_pattern'],
  ['layers beside a pattern', { target_modules: '.*proj', layers_to_transform: 1 }, 'CONFIG_BAD_FIELD', 'layers_to_transform'],
  ['a pattern of layers alone', { layers_pattern: 'layers' }, 'CONFIG_BAD_FIELD', 'layers_pattern'],
  ['a layer before the first', { layers_to_transform: [-1] }, 'CONFIG_BAD_FIELD', 'layers_to_transform'],
  ['more targets than tensors', { target_modules: ['q_proj', 'v_proj', 'o_proj'] }, 'ADAPTER_WRONG_TARGETS', 'o_proj'],
])('a configuration with %s is a typed error', async (_, change, code, ...parts) => {
  await peftWith(change);
  await expect(loadAdapter(path('peft'))).rejects.toThrow(failure(code, 'peft', ...parts));
});

test.each(['adapter_config.json', 'adapter_model.safetensors'])('a folder without %s is refused as incomplete', async (name) => {
  await cp(PEFT, path('peft'), { recursive: true });
  await rm(path('peft', name));
  await expect(loadAdapter(path('peft'))).rejects.toThrow(failure('ADAPTER_NOT_FOUND', name));
});

test('a factor without its partner, and a tensor that is no factor, are named', async () => {
  await cp(PEFT, path('peft'), { recursive: true });
  const file = path('peft', 'adapter_model.safetensors');
  const { tensors } = await readSafetensors(file);
  const name = 'base_model.model.model.layers.2.self_attn.v_proj.lora_B.weight';
  const without = new Map([...tensors].filter(([key]) => key !== name));
  await writeSafetensors(file, without);
  await expect(loadAdapter(path('peft'))).rejects.toThrow(failure('ADAPTER_MISSING_TENSOR', 'layers.2.self_attn.v_proj lacks lora_B'));
  await writeSafetensors(
    file,
    new Map([...tensors, ['base_model.model.model.layers.2.self_attn.v_proj.lora_magnitude_vector', tensor(2)]]),
  );
  await expect(loadAdapter(path('peft'))).rejects.toThrow(failure('ADAPTER_UNSUPPORTED', 'lora_magnitude_vector'));
});

test('an adapter that does not fit its configuration is not saved', async () => {
  await expect(saveAdapter(path('bad'), small({ rank: 3 }))).rejects.toThrow(failure('ADAPTER_WRONG_SHAPE', 'layers.0.self_attn.q_proj'));
  await expect(saveAdapter(path('bad'), small({ weightDecomposed: true }))).rejects.toThrow(failure('ADAPTER_MISSING_TENSOR', 'q_proj'));
  await expect(saveAdapter(path('bad'), small({ targetModules: /.*\p{L}_proj/u }))).rejects.toThrow(failure('ADAPTER_PATTERN', 'u'));
  await expect(saveAdapter(path('bad'), small({ targetModules: ['k_proj'] }))).rejects.toThrow(failure('ADAPTER_WRONG_TARGETS', 'q_proj'));
  expect(await readdir(path())).toEqual([]);
});

test('a save that fails leaves no new folder, and never new weights under an old configuration', async () => {
  await writeFile(path('file'), 'a file where a folder should be');
  await expect(saveAdapter(path('file', 'adapter'), small())).rejects.toThrow();
  expect(await readdir(path())).toEqual(['file']);
  await saveAdapter(path('adapter'), small());
  await rm(path('adapter', 'adapter_model.safetensors'));
  await mkdir(path('adapter', 'adapter_model.safetensors')); // a folder in the way of the weights
  await expect(saveAdapter(path('adapter'), small({ alpha: 8 }))).rejects.toThrow();
  expect((await readdir(path('adapter'))).sort()).toEqual(['adapter_model.safetensors']);
  await expect(loadAdapter(path('adapter'))).rejects.toBeInstanceOf(ExpctrError);
});

test('saving again replaces the adapter', async () => {
  await saveAdapter(path('adapter'), small());
  await saveAdapter(path('adapter'), small({ alpha: 16 }));
  expect((await loadAdapter(path('adapter'))).config.alpha).toBe(16);
  expect((await readdir(path('adapter'))).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
});

test.each(['lora_A', 'lora_B'])('NaN in %s is refused when an adapter is read, and when it is saved', async (factor) => {
  await cp(PEFT, path('peft'), { recursive: true });
  const file = path('peft', 'adapter_model.safetensors');
  const { tensors } = await readSafetensors(file);
  const name = `base_model.model.model.layers.2.self_attn.v_proj.${factor}.weight`;
  const good = tensors.get(name)!;
  await writeSafetensors(file, new Map(tensors).set(name, { ...good, data: (good.data as Float32Array).with(3, NaN) }));
  await expect(loadAdapter(path('peft'))).rejects.toThrow(failure('ADAPTER_NOT_FINITE', 'layers.2.self_attn.v_proj', factor, 'NaN'));
  const adapter = await loadAdapter(PEFT);
  const [[module, { a, b }]] = adapter.tensors as unknown as [[string, { a: FloatTensor; b: FloatTensor }]];
  const bad = factor === 'lora_A' ? { a: { ...a, data: a.data.with(0, Infinity) }, b } : { a, b: { ...b, data: b.data.with(0, Infinity) } };
  const changed = { ...adapter, tensors: new Map(adapter.tensors).set(module, bad) };
  await expect(saveAdapter(path('bad'), changed)).rejects.toThrow(failure('ADAPTER_NOT_FINITE', factor, 'Infinity'));
});
