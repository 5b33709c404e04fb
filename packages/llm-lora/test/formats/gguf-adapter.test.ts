import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Adapter } from '../../src/formats/adapter.js';
import { openGguf } from '../../src/formats/gguf/open.js';
import { permuteHeads, saveGgufAdapter } from '../../src/formats/gguf/save-adapter.js';
import { unpermuteHeads } from '../../src/formats/gguf/source.js';
import { writeGguf } from '../../src/formats/gguf/write.js';
import type { FloatTensor } from '../../src/formats/host-tensor.js';
import { failure } from './failure.js';
import { temporaryFolder } from './temporary-folder.js';
import { writeTinyModel } from './tiny-model.js';

const path = temporaryFolder();
const HEADS = { num_attention_heads: 2, num_key_value_heads: 1, head_dim: 4 };

const tensor = (shape: readonly number[], from = 0): FloatTensor => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => from + i / 16),
  shape,
  dtype: 'float32',
});

const adapter = (config: Partial<Adapter['config']> = {}, modules: Adapter['tensors'] = new Map()): Adapter => ({
  config: { rank: 2, alpha: 6, targetModules: ['q_proj', 'down_proj'], ...config },
  tensors: new Map([
    ['layers.0.self_attn.q_proj', { a: tensor([2, 8]), b: tensor([8, 2], 5) }],
    ['layers.1.mlp.down_proj', { a: tensor([2, 12]), b: tensor([8, 2]) }],
    ...modules,
  ]),
});

test("an adapter becomes the GGUF file that llama.cpp's loader asks for, rows of queries permuted", async () => {
  await writeTinyModel(path('model'), { config: HEADS });
  await saveGgufAdapter(path('a.gguf'), adapter(), { model: path('model') });
  const file = await openGguf(path('a.gguf'));
  expect(file.metadata).toEqual({
    'general.architecture': 'llama',
    'general.type': 'adapter',
    'adapter.type': 'lora',
    'adapter.lora.alpha': 6,
  });
  expect([...file.tensors.keys()]).toEqual([
    'blk.0.attn_q.weight.lora_a',
    'blk.0.attn_q.weight.lora_b',
    'blk.1.ffn_down.weight.lora_a',
    'blk.1.ffn_down.weight.lora_b',
  ]);
  const { tensors } = adapter();
  expect(await file.read('blk.0.attn_q.weight.lora_a')).toEqual(tensors.get('layers.0.self_attn.q_proj')!.a);
  const stored = await file.read('blk.0.attn_q.weight.lora_b');
  expect(stored).not.toEqual(tensors.get('layers.0.self_attn.q_proj')!.b);
  expect(unpermuteHeads(stored, 2)).toEqual(tensors.get('layers.0.self_attn.q_proj')!.b);
  expect(await file.read('blk.1.ffn_down.weight.lora_b')).toEqual(tensors.get('layers.1.mlp.down_proj')!.b);
  await file.close();
});

test('a rank-stabilized adapter is given the alpha by which alpha / rank is its scale', async () => {
  await writeTinyModel(path('model'), { config: HEADS });
  await saveGgufAdapter(path('a.gguf'), adapter({ rankStabilized: true }), { model: path('model') });
  const file = await openGguf(path('a.gguf'));
  await file.close();
  expect(file.metadata['adapter.lora.alpha']).toBeCloseTo(6 * Math.SQRT2, 5);
});

test('an adapter of another model is refused', async () => {
  await writeTinyModel(path('model'), { config: HEADS });
  const save = (modules: Adapter['tensors']) => saveGgufAdapter(path('a.gguf'), adapter({}, modules), { model: path('model') });
  const factors = { a: tensor([2, 8]), b: tensor([8, 2]) };
  await expect(save(new Map([['layers.2.self_attn.q_proj', factors]]))).rejects.toThrow(
    failure('ADAPTER_UNKNOWN_MODULE', 'layers.2.self_attn.q_proj'),
  );
  await expect(save(new Map([['layers.1.self_attn.q_proj', { ...factors, a: tensor([2, 12]) }]]))).rejects.toThrow(
    failure('ADAPTER_WRONG_SHAPE', '[8, 12]', '[8, 8]'),
  );
});

test('any tensors and texts come back as they were written, and the permutation of heads is the inverse of the other', async () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(
      names,
      fc.string(),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 4 }),
      async (keys, value, heads, half) => {
        const shape = [heads * half * 2, 3];
        const tensors = new Map(keys.map((key, i) => [key, tensor(shape, i)]));
        await writeGguf(path('any.gguf'), { 'a.text': value, 'a.number': { float32: 0.5 } }, tensors);
        const file = await openGguf(path('any.gguf'));
        expect(file.metadata).toEqual({ 'a.text': value, 'a.number': 0.5 });
        for (const [key, expected] of tensors) {
          expect(await file.read(key)).toEqual(expected);
          expect(unpermuteHeads(permuteHeads(expected, heads), heads)).toEqual(expected);
        }
        await file.close();
      },
    ),
    { numRuns: 8 },
  );
});

test('scales of their own go into lora_b, and magnitudes have no place', async () => {
  await writeTinyModel(path('model'), { config: HEADS });
  await saveGgufAdapter(path('a.gguf'), adapter({ alphaPattern: { down_proj: 15 } }), { model: path('model') });
  const file = await openGguf(path('a.gguf'));
  expect(file.metadata['adapter.lora.alpha']).toBe(6);
  const { b } = adapter().tensors.get('layers.1.mlp.down_proj')!;
  expect((await file.read('blk.1.ffn_down.weight.lora_b')).data).toEqual(b.data.map((value) => 2.5 * value));
  await file.close();
  const magnitudes = adapter({ weightDecomposed: true });
  const whole = new Map([...magnitudes.tensors].map(([module, factors]) => [module, { ...factors, magnitude: tensor([8], 1) }]));
  const saving = saveGgufAdapter(path('b.gguf'), { ...magnitudes, tensors: whole }, { model: path('model') });
  await expect(saving).rejects.toThrow(failure('ADAPTER_UNSUPPORTED', 'b.gguf', 'use_dora', 'saveMerged'));
});
