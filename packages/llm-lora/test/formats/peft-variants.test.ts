import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/formats/checkpoint.js';
import { loadAdapter } from '../../src/formats/peft/load.js';
import { writeSafetensors } from '../../src/formats/safetensors/write.js';
import { createPolicy, type CausalLM } from '../../src/policy/causal-lm.js';
import { mergeAdapter, unmergeAdapter } from '../../src/merge/merge-adapter.js';
import { drawnTensor, familyFiles, type FamilyFiles } from '../families/fixture.js';
import { batchOf, gradientDifferences, outputDifferences, type LoraFixture } from '../model/lora-fixture.js';
import { largestDifference, useBackend } from '../model/oracle.js';
import { fixture, temporaryFolder } from './temporary-folder.js';

/** What tools/oracles/llm-lora_peft_variants.py writes of a form of LoRA. */
interface Variant extends LoraFixture {
  readonly family: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, readonly number[]>>;
}

const VARIANTS = JSON.parse(readFileSync(fixture('peft-variants.json'), 'utf8')) as Readonly<Record<string, Variant>>;
const files = new Map<string, FamilyFiles>();
const path = temporaryFolder();
let policy: CausalLM | null = null;

beforeAll(async () => {
  await useBackend('onnx');
  for (const { family } of Object.values(VARIANTS)) if (!files.has(family)) files.set(family, await familyFiles(family));
});
afterEach(async () => {
  await policy?.dispose();
  policy = null;
});
afterAll(async () => {
  for (const each of files.values()) await each.remove();
});

/** The folder that PEFT saved, with the numbers that the script made of names. */
async function writeVariant({ config, tensors }: Variant, folder: string): Promise<void> {
  const valued = Object.entries(tensors).map(([name, shape]) => {
    const own = name.replace(/^base_model\.model\.(?:model\.)?/, '').replace(/\.weight$/, '');
    return [name, drawnTensor(own, shape, (value) => (own.endsWith('magnitude_vector') ? 1 + value / 4 : value / 4))] as const;
  });
  await mkdir(folder, { recursive: true });
  await writeSafetensors(`${folder}/adapter_model.safetensors`, new Map(valued), { metadata: { format: 'pt' } });
  await writeFile(`${folder}/adapter_config.json`, JSON.stringify(config, null, 2).replace('"lora_dropout": 0,', '"lora_dropout": 0.0,'));
}

/** Those whose graphs differ from one another: of them gradients and merged weights are compared, too. */
const OWN_GRAPHS = new Set(['patterns', 'dora, rslora and patterns']);

test.each(Object.entries(VARIANTS))('%s: what is computed and saved is what peft computes and saves', async (name, variant) => {
  const checkpoint = await loadCheckpoint(files.get(variant.family)!.folder);
  policy = createPolicy(checkpoint);
  await writeVariant(variant, path('peft'));
  await policy.adapters.load(path('peft'), 'peft');
  const off: Record<string, number> = await outputDifferences(policy, 'peft', variant);
  if (OWN_GRAPHS.has(name)) {
    Object.assign(off, await gradientDifferences(policy, variant));
    const merged = createPolicy(mergeAdapter(checkpoint, policy.adapters.get('peft')));
    const got = await merged.logProbabilities(batchOf(variant), null);
    await merged.dispose();
    off['merged'] = largestDifference(got.flatMap((row) => Array.from(row)), variant.logProbs.flat()); // prettier-ignore
    expect(off['norms']).toBeLessThan(1e-4);
    expect(off['gradients']).toBeLessThan(1e-4);
    expect(off['merged']).toBeLessThan(5e-5);
  }
  console.log(`${name}: largest differences to peft: ${Object.entries(off).map(([what, value]) => `${what} ${value.toExponential(1)}`).join(', ')}`); // prettier-ignore
  expect(off['logProbs']).toBeLessThan(5e-5);
  expect(off['entropy']).toBeLessThan(5e-5);
  await policy.adapters.save('peft', path('again'));
  for (const file of ['adapter_config.json', 'adapter_model.safetensors']) {
    expect(await readFile(path('again', file))).toEqual(await readFile(path('peft', file)));
  }
});

test.each(Object.entries(VARIANTS))('%s: what was merged is taken out again, but for rounding', async (_, variant) => {
  const checkpoint = await loadCheckpoint(files.get(variant.family)!.folder);
  await writeVariant(variant, path('peft'));
  const adapter = await loadAdapter(path('peft'));
  const merged = mergeAdapter(checkpoint, adapter);
  const adapted = new Set([...adapter.tensors.keys()].map((module) => `${module.startsWith('layers.') ? 'model.' : ''}${module}.weight`));
  for (const [tensor, values] of checkpoint.tensors) {
    if (adapted.has(tensor)) expect(merged.tensors.get(tensor)!.data).not.toEqual(values.data);
    else expect(merged.tensors.get(tensor)).toBe(values);
  }
  if (adapter.config.weightDecomposed === true) {
    expect(() => unmergeAdapter(merged, adapter)).toThrow(expect.objectContaining({ code: 'ADAPTER_UNSUPPORTED' }) as Error);
    return;
  }
  for (const [tensor, { data }] of unmergeAdapter(merged, adapter).tensors) {
    expect(largestDifference(data, checkpoint.tensors.get(tensor)!.data)).toBeLessThan(2e-7);
  }
});
