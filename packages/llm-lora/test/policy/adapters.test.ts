import { createRng } from '@expctr/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Checkpoint } from '../../src/formats/checkpoint.js';
import { createPolicy, type CausalLM } from '../../src/policy/causal-lm.js';
import { useBackend } from '../model/oracle.js';
import { stories, storiesCheckpoint, tokens } from './stories.js';

const ALL_LINEAR = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

describe.skipIf(stories.missing)('adapters', () => {
  let policy: CausalLM;
  let checkpoint: Checkpoint;
  beforeAll(async () => {
    await useBackend('onnx');
    checkpoint = await storiesCheckpoint();
    policy = createPolicy(checkpoint, null, { lora: { rank: 3, alpha: 6, targetModules: ALL_LINEAR } });
  });

  test('a fresh one is PEFT’s: A uniform in +-1 / sqrt(in), B zero, the same for the same stream', () => {
    policy.adapters.create('a', createRng(1));
    policy.adapters.create('b', createRng(1));
    policy.adapters.create('c', createRng(2));
    expect(policy.adapters.get('b')).toEqual(policy.adapters.get('a'));
    expect(policy.adapters.get('c')).not.toEqual(policy.adapters.get('a'));
    const { tensors } = policy.adapters.get('a');
    expect(tensors.size).toBe(35);
    for (const [path, { a, b }] of tensors) {
      const bound = 1 / Math.sqrt(path.endsWith('down_proj') ? 172 : 64);
      const most = a.data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      expect(most).toBeLessThanOrEqual(Math.fround(bound));
      expect(most).toBeGreaterThan(0.9 * bound);
      expect(Math.abs(a.data.reduce((sum, value) => sum + value, 0) / a.data.length)).toBeLessThan(0.2 * bound);
      expect(b.data.every((value) => value === 0)).toBe(true);
    }
  });

  test('the first is active; activate, copy and delete do what they say', () => {
    expect(policy.adapters.active).toBe('a');
    policy.adapters.copy('c', 'd');
    expect(policy.adapters.names()).toEqual(['a', 'b', 'c', 'd']);
    policy.adapters.activate('d');
    policy.adapters.delete('d');
    expect(policy.adapters.active).toBe('');
    expect(() => policy.adapters.get('d')).toThrow(expect.objectContaining({ code: 'ADAPTER_UNKNOWN' }));
    policy.adapters.activate('a');
  });

  test('saved and loaded again it gives the same bits', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'adapter-'));
    await policy.adapters.save('c', folder);
    await policy.adapters.load(folder, 'again');
    const batch = { prompts: [tokens(9, 1)], responses: [tokens(5, 2)] };
    expect(await policy.logProbabilities(batch, 'again')).toEqual(await policy.logProbabilities(batch, 'c'));
    expect(policy.adapters.get('again').tensors).toEqual(policy.adapters.get('c').tensors);
    await rm(folder, { recursive: true });
  });

  test('one of another model is refused by the layer that does not fit', () => {
    const { config, tensors } = policy.adapters.get('a');
    const path = 'layers.0.self_attn.q_proj';
    const { a, b } = tensors.get(path)!;
    const wrong = new Map([[path, { a: { ...a, shape: [3, 32] }, b }]]);
    expect(() => policy.adapters.set('x', { config, tensors: wrong })).toThrow(expect.objectContaining({ code: 'ADAPTER_SHAPE' }));
    const strange = new Map([['layers.9.self_attn.q_proj', { a, b }]]);
    expect(() => policy.adapters.set('x', { config, tensors: strange })).toThrow(/layers\.9/);
    const lora = { rank: 1, alpha: 1, targetModules: ['qkv_proj'] };
    expect(() => createPolicy(checkpoint, null, { lora })).toThrow(expect.objectContaining({ code: 'POLICY_OPTION' }));
  });
});
