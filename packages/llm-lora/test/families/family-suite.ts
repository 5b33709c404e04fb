import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/formats/checkpoint.js';
import { loadAdapter } from '../../src/formats/peft/load.js';
import { saveAdapter } from '../../src/formats/peft/save.js';
import { modelWeights } from '../../src/model/weights.js';
import { createPolicy, type CausalLM } from '../../src/policy/causal-lm.js';
import { temporaryFolder } from '../formats/temporary-folder.js';
import { gradientDifferences, outputDifferences, type LoraFixture } from '../model/lora-fixture.js';
import { floats, largestDifference, logitsOf, useBackend, type LogitsFixture } from '../model/oracle.js';

interface Numbers {
  readonly logits: LogitsFixture;
  readonly greedy: readonly { readonly prompt: readonly number[]; readonly tokens: readonly number[] }[];
  readonly lora: LoraFixture;
}

/** Holds a family to transformers and peft by the fixtures that tools/oracles/llm-lora_families.py writes for it. */
export function testFamily(name: string): void {
  const folder = resolve(import.meta.dirname, '../fixtures/families', name);
  const file = resolve(folder, 'gguf/model.gguf');
  const adapterFolder = resolve(folder, 'adapter');
  const numbers = JSON.parse(readFileSync(resolve(folder, 'numbers.json'), 'utf8')) as Numbers;
  const path = temporaryFolder();

  test('a safetensors folder and a GGUF file are the same model, each with its family', async () => {
    const [fromFolder, fromFile] = [await loadCheckpoint(folder), await loadCheckpoint(file)];
    expect(fromFolder.family.name).toBe(name);
    expect(fromFile.family).toBe(fromFolder.family);
    expect(fromFile.tensors).toEqual(fromFolder.tensors);
    const round = (config: object): unknown =>
      JSON.parse(JSON.stringify(config, (_, value: unknown) => (typeof value === 'number' ? Math.fround(value) : value)));
    expect(round(fromFile.config)).toEqual(round(fromFolder.config));
  });

  test("PEFT's adapter for it is saved again as PEFT's files, byte for byte", async () => {
    await saveAdapter(path('adapter'), await loadAdapter(adapterFolder));
    for (const each of await readdir(adapterFolder)) {
      expect(await readFile(path('adapter', each))).toEqual(await readFile(resolve(adapterFolder, each)));
    }
  });

  describe.each(['cpu', 'onnx'] as const)('on the %s backend', (backend) => {
    const off: Record<string, number> = {};
    afterAll(() => {
      const list = Object.entries(off).map(([what, value]) => `${what} ${value.toExponential(1)}`);
      console.log(`${name}, ${backend}: largest differences to transformers and peft: ${list.join(', ')}`);
    });

    async function adapted(): Promise<CausalLM> {
      await useBackend(backend);
      const policy = createPolicy(await loadCheckpoint(folder), null, { limits: { vocabularyPart: 25 } }); // so that the vocabulary is cut
      await policy.adapters.load(adapterFolder, 'peft');
      return policy;
    }

    test('logits of prompts of different lengths in one padded batch are those of transformers', async () => {
      await useBackend(backend);
      const { logits: fixture } = numbers;
      for (const source of [folder, file]) {
        const logits = await logitsOf(modelWeights(await loadCheckpoint(source), 2048), fixture);
        off['logits'] = largestDifference(logits, floats(fixture.logits)) / fixture.largest;
        expect(off['logits']).toBeLessThan(1e-5);
      }
    });

    test('greedy generation is that of transformers, token for token', async () => {
      await useBackend(backend);
      const policy = createPolicy(await loadCheckpoint(folder));
      const prompts = numbers.greedy.map(({ prompt }) => prompt);
      const sampling = { temperature: 0, maxNewTokens: numbers.greedy[0]!.tokens.length, stopTokenIds: [], seed: [1] as const };
      const completions = await policy.generate(prompts, sampling);
      expect(completions.map(({ tokens }) => Array.from(tokens))).toEqual(numbers.greedy.map(({ tokens }) => tokens));
      await policy.dispose();
    });

    test("log-probabilities, entropies and the gradients of all factors of PEFT's adapter are those of peft", async () => {
      const policy = await adapted();
      Object.assign(off, await outputDifferences(policy, 'peft', numbers.lora));
      Object.assign(off, await gradientDifferences(policy, numbers.lora));
      expect(off['logProbs']).toBeLessThan(5e-5);
      expect(off['entropy']).toBeLessThan(5e-5);
      expect(off['loss']).toBeLessThan(2e-4);
      expect(off['norms']).toBeLessThan(1e-4);
      expect(off['gradients']).toBeLessThan(1e-4);
      await policy.dispose();
    });
  });
}
