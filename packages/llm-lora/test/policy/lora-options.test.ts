import { createRng } from '@expctr/core';
import { sgd } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadCheckpoint, storedCheckpoint, type Checkpoint } from '../../src/formats/checkpoint.js';
import type { LoraOptions } from '../../src/lora/lora-options.js';
import { createPolicy, type CausalLM } from '../../src/policy/causal-lm.js';
import { familyAdapter, familyFiles, readNumbers, type FamilyFiles } from '../families/fixture.js';
import { temporaryFolder } from '../formats/temporary-folder.js';
import { largestDifference, useBackend } from '../model/oracle.js';

const path = temporaryFolder();
let files: Record<'llama' | 'gpt2', FamilyFiles>;
let llama: Checkpoint;

beforeAll(async () => {
  await useBackend('onnx');
  files = { llama: await familyFiles('llama'), gpt2: await familyFiles('gpt2') };
  llama = await loadCheckpoint(files.llama.folder);
});
afterAll(async () => {
  await files.llama.remove();
  await files.gpt2.remove();
});

const { rows, temperature } = readNumbers('llama').lora;
const batch = { prompts: rows.map(({ prompt }) => prompt), responses: rows.map(({ response }) => response), temperature };
const flat = (each: readonly Float32Array[]): number[] => each.flatMap((row) => Array.from(row));

function fresh(checkpoint: Checkpoint, lora: LoraOptions): CausalLM {
  const policy = createPolicy(checkpoint, null, { lora });
  policy.adapters.create('mine', createRng(1));
  return policy;
}

const ranksOf = ({ adapters }: CausalLM): Record<string, number> =>
  Object.fromEntries([...adapters.get('mine').tensors].map(([module, { a }]) => [module, a.shape[0]!]));

describe('a fresh adapter', () => {
  test.each<[string, LoraOptions, number | Record<string, number>]>([
    ['all linear layers', { targetModules: 'all-linear' }, 14],
    [
      'an expression',
      { targetModules: /model\.layers\.1\..*(up|down)_proj/ },
      { 'layers.1.mlp.up_proj': 16, 'layers.1.mlp.down_proj': 16 },
    ],
    ['layers', { targetModules: ['q_proj'], layersToTransform: [1], layersPattern: 'layers' }, { 'layers.1.self_attn.q_proj': 16 }],
    ['one layer', { targetModules: ['q_proj'], layersToTransform: 0 }, { 'layers.0.self_attn.q_proj': 16 }],
    [
      'all but some',
      { targetModules: 'all-linear', excludeModules: /.*(mlp|k_proj|v_proj|0\.).*/ },
      { 'layers.1.self_attn.q_proj': 16, 'layers.1.self_attn.o_proj': 16 },
    ],
    [
      'ranks of their own',
      { rank: 2, targetModules: ['q_proj'], rankPattern: { '1.self_attn.q_proj': 3 } },
      { 'layers.0.self_attn.q_proj': 2, 'layers.1.self_attn.q_proj': 3 },
    ],
  ])('is on %s', async (_, lora, expected) => {
    const policy = fresh(llama, lora);
    if (typeof expected === 'number') expect(Object.keys(ranksOf(policy))).toHaveLength(expected);
    else expect(ranksOf(policy)).toEqual(expected);
    await policy.adapters.save('mine', path('saved'));
    await policy.adapters.load(path('saved'), 'again');
    expect(policy.adapters.get('again')).toEqual(policy.adapters.get('mine'));
  });

  test('by an expression that matches other modules, too, is saved with names: PEFT would refuse the expression', () => {
    const targetsOf = (targetModules: RegExp, excludeModules?: RegExp): unknown =>
      fresh(llama, { targetModules, ...(excludeModules === undefined ? {} : { excludeModules }) }).adapters.get('mine').config
        .targetModules;
    expect(targetsOf(/.*1\.self_attn\..*/)).toEqual(['q', 'k', 'v', 'o'].map((name) => `model.layers.1.self_attn.${name}_proj`));
    expect(targetsOf(/.*1\.mlp\..*/)).toHaveLength(3); // its activation is a module without weights
    for (const clean of [/.*1\.self_attn\.[^.]+_proj/, /.*_proj/]) expect(targetsOf(clean)).toBe(clean);
    expect(targetsOf(/.*(1\.mlp\..*|.*q_proj)/, /.*(act|activation_fn|drop|emb).*/)).toBeInstanceOf(RegExp);
  });

  test.each<[LoraOptions, string]>([
    [{ targetModules: ['q_prok'] }, 'q_prok'],
    [{ targetModules: [] }, 'no layer is named'],
    [{ targetModules: /q_proj/ }, 'q_proj'],
    [{ excludeModules: ['z_proj'] }, 'z_proj'],
    [{ targetModules: ['q_proj'], excludeModules: ['q_proj'] }, 'no layer is left'],
    [{ targetModules: /.*q_proj/, layersToTransform: 1 }, 'layersToTransform'],
    [{ layersToTransform: 2 }, 'block 2'],
    [{ layersToTransform: [0, -1] }, 'block -1'],
    [{ layersPattern: 'layers' }, 'layersPattern'],
    [{ rank: 0 }, 'rank is 0'],
    [{ rank: 1.5 }, 'rank is 1.5'],
    [{ alpha: -1 }, 'alpha is -1'],
    [{ alpha: Infinity }, 'alpha is Infinity'],
    [{ rankPattern: { q_proj: 0 } }, 'rankPattern["q_proj"] is 0'],
    [{ rankPattern: { o_proj: 4 } }, 'o_proj'],
    [{ alphaPattern: { q_porj: 4 } }, 'q_porj'],
    [{ targetModules: /.*\p{L}_proj/u }, 'flag u'],
  ])('with %j is refused', (lora, part) => {
    const refused = expect.objectContaining({ code: 'POLICY_OPTION', message: expect.stringContaining(part) as string }) as Error;
    expect(() => createPolicy(llama, null, { lora })).toThrow(refused);
  });

  test('with an option that is none is refused by its name', () => {
    expect(() => createPolicy(llama, null, { lora: { ranc: 4 } as LoraOptions })).toThrow(
      expect.objectContaining({ code: 'OPTIONS_UNKNOWN' }) as Error,
    );
  });
});

test('an adapter of GPT-2 says that the matrices are stored as [in, out], whatever its file said', async () => {
  const gpt2 = await loadCheckpoint(files.gpt2.folder);
  const policy = fresh(gpt2, { rank: 2 });
  policy.adapters.set('given', familyAdapter(readNumbers('gpt2')));
  for (const name of ['mine', 'given']) {
    await policy.adapters.save(name, path(name));
    expect(JSON.parse(await readFile(path(name, 'adapter_config.json'), 'utf8'))).toMatchObject({ fan_in_fan_out: true });
  }
  const other = createPolicy(llama);
  const { config, tensors } = familyAdapter(readNumbers('llama'));
  other.adapters.set('given', { config: { ...config, fanInFanOut: true }, tensors });
  expect(other.adapters.get('given').config).not.toHaveProperty('fanInFanOut');
});

describe('DoRA', () => {
  const dora: LoraOptions = { rank: 2, alpha: 4, targetModules: ['k_proj', 'down_proj'], weightDecomposed: true };

  test('begins as the base model, of which a policy still gives the very numbers', async () => {
    const plain = createPolicy(llama);
    const policy = fresh(llama, dora);
    const base = await plain.logProbabilities(batch, null);
    expect(await policy.logProbabilities(batch, null)).toEqual(base);
    expect(largestDifference(flat(await policy.logProbabilities(batch, 'mine')), flat(base))).toBeLessThan(2e-5);
    await plain.dispose();
    await policy.dispose();
  });

  test('writes, reads and scores with the same numbers after a step, over small weights, too', async () => {
    for (const checkpoint of [llama, await storedCheckpoint(llama, 'int4')]) {
      const policy = fresh(checkpoint as Checkpoint, dora);
      const step = await policy.compileStep<Record<string, never>>(
        ({ logProbs }) => ({ loss: tf.sum(logProbs).asScalar(), metrics: {} }),
        sgd({ learningRate: 0.01 }),
        {},
      );
      const before = policy.adapters.get('mine');
      const { metrics } = await step.run([batch]);
      expect((await step.run([batch])).metrics['loss']).toBeLessThan(metrics['loss']!);
      await step.dispose();
      if (checkpoint !== llama) {
        await policy.dispose();
        continue;
      }
      for (const [module, { magnitude }] of policy.adapters.get('mine').tensors)
        expect(magnitude!.data).not.toEqual(before.tensors.get(module)!.magnitude!.data);
      const sampling = { temperature: 1, maxNewTokens: 5, stopTokenIds: [], seed: [3] as const };
      const completions = await policy.generate(batch.prompts, sampling);
      const responses = completions.map(({ tokens }) => tokens);
      const scored = await policy.logProbabilities({ prompts: batch.prompts, responses }, 'mine');
      const read = await policy.scoreAnswers(
        batch.prompts,
        responses.map((each) => [each]),
        { adapter: 'mine' },
      );
      completions.forEach(({ logProbs }, row) => {
        expect(largestDifference(logProbs, scored[row]!)).toBeLessThan(1e-4);
        expect(Math.abs(read[row]![0]! - scored[row]!.reduce((sum, value) => sum + value, 0))).toBeLessThan(1e-4);
      });
      await policy.dispose();
    }
  });

  test('an adapter without its magnitudes is refused', () => {
    const policy = fresh(llama, dora);
    const { config, tensors } = policy.adapters.get('mine');
    const bare = new Map([...tensors].map(([module, { a, b }]) => [module, { a, b }]));
    expect(() => policy.adapters.set('bare', { config, tensors: bare })).toThrow(/magnitudes \[/);
  });
});

test('adapters of one shape share what is compiled, whatever their scales; another rank is compiled for', async () => {
  const { family } = llama;
  const traced = vi.fn((...given: Parameters<typeof family.embed>) => family.embed(...given)); // once for whatever is compiled
  const policy = createPolicy({ ...llama, family: { ...family, embed: traced } });
  const adapter = familyAdapter(readNumbers('llama'));
  policy.adapters.set('a', adapter);
  policy.adapters.set('b', { ...adapter, config: { ...adapter.config, alpha: 60 } });
  policy.adapters.set('c', { ...adapter, config: { ...adapter.config, rankStabilized: true } });
  const answers = async (name: string): Promise<number[]> => {
    const scored = await policy.logProbabilities(batch, name);
    await policy.generate(batch.prompts.slice(0, 1), { adapter: name, maxNewTokens: 2, stopTokenIds: [], seed: [1] });
    return flat(scored);
  };
  const first = await answers('a');
  const count = traced.mock.calls.length;
  expect(count).toBeGreaterThan(0);
  const others = [await answers('b'), await answers('c'), await answers('a')];
  expect(traced.mock.calls.length).toBe(count);
  expect(others[0]).not.toEqual(first);
  expect(others[1]).not.toEqual(first);
  expect(others[2]).toEqual(first);
  const single = new Map([...adapter.tensors].slice(0, 1));
  policy.adapters.set('d', { config: { ...adapter.config, targetModules: [[...single.keys()][0]!] }, tensors: single });
  await answers('d');
  expect(traced.mock.calls.length).toBeGreaterThan(count);
  await policy.dispose();
});

test('a policy over small weights refuses another small form for sampling, as loading does', async () => {
  const small = await storedCheckpoint(llama, 'int8');
  for (const samplingWeights of ['int4', 'float16'] as const) {
    expect(() => createPolicy(small, null, { samplingWeights })).toThrow(expect.objectContaining({ code: 'POLICY_OPTION' }) as Error);
  }
  for (const samplingWeights of ['int8', 'float32'] as const) createPolicy(small, null, { samplingWeights });
  createPolicy(llama, null, { samplingWeights: 'int4' });
});
