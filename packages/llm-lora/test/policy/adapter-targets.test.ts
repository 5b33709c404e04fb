import { createRng } from '@expctr/core';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/formats/checkpoint.js';
import { loadAdapter } from '../../src/formats/peft/load.js';
import { saveAdapter } from '../../src/formats/peft/save.js';
import { createPolicy } from '../../src/policy/causal-lm.js';
import { familyFiles, type FamilyFiles } from '../families/fixture.js';
import { fixture, temporaryFolder } from '../formats/temporary-folder.js';
import { largestDifference, useBackend } from '../model/oracle.js';

/** An adapter by PEFT whose targets are paths of modules: tools/oracles/llm-lora_adapter_targets.py. */
const PATHS = fixture('peft-paths');
let model: FamilyFiles;
const path = temporaryFolder();

beforeAll(async () => {
  model = await familyFiles('llama');
});
afterAll(() => model.remove());

interface Numbers {
  readonly prompt: number[];
  readonly response: number[];
  readonly logProbs: number[];
  readonly modules: string[];
}

test('an adapter whose targets are paths gives the log-probabilities of PEFT, and is saved again as it was', async () => {
  await useBackend('onnx');
  const { prompt, response, logProbs, modules } = JSON.parse(await readFile(resolve(PATHS, 'numbers.json'), 'utf8')) as Numbers;
  const policy = createPolicy(await loadCheckpoint(model.folder));
  await policy.adapters.load(PATHS, 'paths');
  const adapter = policy.adapters.get('paths');
  expect([...adapter.tensors.keys()].sort()).toEqual(modules);
  const [got] = await policy.logProbabilities({ prompts: [prompt], responses: [response] }, 'paths');
  const off = largestDifference(got!, Float32Array.from(logProbs));
  console.log(`targets that are paths: largest difference to peft ${off.toExponential(1)} nats`);
  expect(off).toBeLessThan(5e-5);
  await saveAdapter(path('again'), adapter);
  expect((await loadAdapter(path('again'))).config).toEqual(adapter.config);
  for (const name of ['adapter_config.json', 'adapter_model.safetensors']) {
    expect(await readFile(path('again', name))).toEqual(await readFile(resolve(PATHS, name)));
  }
  await policy.dispose();
});

test('a fresh adapter is on the modules that its targets name, whole paths among them', async () => {
  const checkpoint = await loadCheckpoint(model.folder);
  const modulesOf = (...targetModules: string[]): string[] => {
    const { adapters } = createPolicy(checkpoint, null, { lora: { targetModules } });
    adapters.create('mine', createRng(1));
    return [...adapters.get('mine').tensors.keys()];
  };
  expect(modulesOf('model.layers.1.self_attn.q_proj', 'layers.0.mlp.up_proj')).toEqual(['layers.0.mlp.up_proj', 'layers.1.self_attn.q_proj']); // prettier-ignore
  for (const wrong of ['model.layers.9.self_attn.q_proj', 'proj', 'decoder.layers.0.self_attn.q_proj']) {
    expect(() => modulesOf('q_proj', wrong)).toThrow(expect.objectContaining({ code: 'POLICY_OPTION' }) as Error);
  }
});
