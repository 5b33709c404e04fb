import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/formats/checkpoint.js';
import { createPolicy } from '../../src/policy/causal-lm.js';
import { finetune, type SftOptions } from '../../src/sft.js';
import { familyAdapter, familyFiles, readNumbers } from '../families/fixture.js';
import { largestDifference, useBackend } from '../model/oracle.js';
import { letters } from '../tokenizer/synthetic.js';

/** What tools/oracles/llm-lora_sft.py writes. */
interface TrainerFixture {
  readonly rows: readonly { readonly prompt: readonly number[]; readonly response: readonly number[] }[];
  readonly runs: readonly {
    readonly family: string;
    readonly losses: readonly number[];
    readonly factor: string;
    readonly values: readonly number[];
  }[];
}

const { rows, runs } = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/sft/trainer.json'), 'utf8')) as TrainerFixture;
const SETTINGS: Readonly<Record<string, SftOptions>> = {
  llama: { schedule: 'linear', warmup: 0.2, weightDecay: 0.1, maxGradientNorm: 0.05, learningRate: 0.02 },
  gemma3_text: { schedule: 'cosine', maxGradientNorm: 0, learningRate: 0.01 },
};

describe('the Trainer of transformers', () => {
  beforeAll(() => useBackend('onnx'));

  test.each(runs)('ten updates of $family lose what they lose in the Trainer of transformers, and leave its adapter', async (run) => {
    const files = await familyFiles(run.family);
    try {
      const policy = createPolicy(await loadCheckpoint(files.folder), letters(), {
        limits: { batchTokens: run.family === 'llama' ? 64 : 160 },
      });
      policy.adapters.set('a', familyAdapter(readNumbers(run.family)));
      const examples = rows.map(({ prompt, response }) => ({ promptTokens: prompt, completionTokens: response }));
      const { losses } = await finetune(policy, examples, { ...SETTINGS[run.family], epochs: 5, batchSize: 6, shuffle: false });
      expect(largestDifference(losses, run.losses)).toBeLessThan(1e-4);
      const [module, factor] = [run.factor.slice(0, -'.lora_A'.length), run.factor.endsWith('A') ? 'a' : 'b'] as const;
      expect(largestDifference(policy.adapters.get('a').tensors.get(module)![factor].data, run.values)).toBeLessThan(2e-4);
      await policy.dispose();
    } finally {
      await files.remove();
    }
  });
});
