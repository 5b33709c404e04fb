import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadCheckpoint, type Checkpoint } from '../../src/formats/checkpoint.js';
import { modelWeights } from '../../src/model/weights.js';
import { createPolicy, type CausalLM, type PolicyOptions } from '../../src/policy/causal-lm.js';
import { gradientDifferences, outputDifferences } from '../model/lora-fixture.js';
import { floats, largestDifference, logitsOf, useBackend } from '../model/oracle.js';
import { familyAdapter, familyFiles, familyTensors, readNumbers, type FamilyFiles } from './fixture.js';

/** What two files of one model may say differently. */
export interface FamilyCase {
  /** The family that the GGUF file names, where it is another one. */
  readonly ggufFamily?: string;
  /** Fields of the configuration that GGUF metadata do not have, or have in another form. */
  readonly notInGguf?: readonly string[];
  readonly backends?: readonly ('cpu' | 'onnx')[];
}

/** Holds a family to transformers and peft by the fixture that tools/oracles/llm-lora_families.py writes for it. */
export function testFamily(name: string, { ggufFamily = name, notInGguf = [], backends = ['onnx'] }: FamilyCase = {}): void {
  const numbers = readNumbers(name);
  let files: FamilyFiles;
  let checkpoint: Checkpoint;

  beforeAll(async () => {
    files = await familyFiles(name);
    checkpoint = await loadCheckpoint(files.folder);
  });
  afterAll(() => files.remove());

  test('a safetensors folder and a GGUF file are the same model', async () => {
    const fromFile = await loadCheckpoint(files.gguf);
    expect([checkpoint.family.name, fromFile.family.name]).toEqual([name, ggufFamily]);
    expect(fromFile.tensors).toEqual(checkpoint.tensors);
    expect(checkpoint.tensors.size).toBe(familyTensors(numbers).size);
    const common = (config: object): unknown => {
      const known = Object.entries(config).filter(([field]) => !notInGguf.includes(field));
      return JSON.parse(
        JSON.stringify(Object.fromEntries(known), (_, value: unknown) => (typeof value === 'number' ? Math.fround(value) : value)),
      );
    };
    expect(common(fromFile.config)).toEqual(common(checkpoint.config));
  });

  describe.each(backends)('on the %s backend', (backend) => {
    const off: Record<string, number> = {};
    beforeAll(() => useBackend(backend));
    afterAll(() => {
      const list = Object.entries(off).map(([what, value]) => `${what} ${value.toExponential(1)}`);
      console.log(`${name}, ${backend}: largest differences to transformers and peft: ${list.join(', ')}`);
    });

    const policyWith = (options: PolicyOptions = {}): CausalLM => createPolicy(checkpoint, null, options);

    test('logits of prompts of different lengths in one padded batch are those of transformers', async () => {
      const { logits: fixture } = numbers;
      const logits = await logitsOf(modelWeights(checkpoint, 2048), fixture);
      off['logits'] = largestDifference(logits, floats(fixture.logits)) / fixture.largest;
      expect(off['logits']).toBeLessThan(1e-5);
    });

    test('greedy texts are those of transformers, and what was decoded with a cache is what the whole text has', async () => {
      const policy = policyWith();
      const prompts = numbers.greedy.map(({ prompt }) => prompt);
      const sampling = { temperature: 0, maxNewTokens: numbers.greedy[0]!.tokens.length, stopTokenIds: [], seed: [1] as const };
      const completions = await policy.generate(prompts, sampling);
      expect(completions.map(({ tokens }) => Array.from(tokens))).toEqual(numbers.greedy.map(({ tokens }) => tokens));
      const responses = completions.map(({ tokens }) => tokens);
      const scored = await policy.logProbabilities({ prompts, responses }, null);
      off['decoding'] = Math.max(...completions.map(({ logProbs }, row) => largestDifference(logProbs, scored[row]!)));
      expect(off['decoding']).toBeLessThan(1e-4);
      await policy.dispose();
    });

    test('log-probabilities, entropies and the gradients of all factors of an adapter are those of peft', async () => {
      const policy = policyWith({ limits: { vocabularyPart: 25 } }); // so that the vocabulary is cut
      policy.adapters.set('peft', familyAdapter(numbers));
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
