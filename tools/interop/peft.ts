// Adapters and merged models of all families that were made here, as PEFT and transformers load them.
// usage: npm run tool tools/interop/peft.ts -- --python PYTHON      an interpreter with torch, transformers, peft and gguf
import { createRng } from '@expctr/core';
import {
  createPolicy,
  FAMILIES,
  loadCheckpoint,
  saveMerged,
  type Adapter,
  type CausalLM,
  type LoraFactors,
  type LoraOptions,
} from '@expctr/llm-lora';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolArguments, wrongUse } from '../common/arguments.js';
import { printed } from '../common/scripts.js';

/** Forms of LoRA that every family can have. */
const VARIANTS: Readonly<Record<string, LoraOptions>> = {
  patterns: {
    rank: 3,
    alpha: 6,
    targetModules: 'all-linear',
    rankPattern: { '0\\..*': 2 },
    alphaPattern: { '.*proj': 5 },
    rankStabilized: true,
  },
  dora: { rank: 2, alpha: 3, targetModules: 'all-linear', weightDecomposed: true },
  expression: { rank: 2, alpha: 6, targetModules: /.*\.1\..*/, excludeModules: /.*(?:down_proj|mlp\.c_proj)/ },
};
const GPT2 = { ...VARIANTS, patterns: { ...VARIANTS['patterns'], alphaPattern: { 'c_.*': 5 } } };

const PROMPT = [1, 5, 9, 14, 20, 7];
const RESPONSE = [3, 11, 30, 8, 2];

const { values } = toolArguments({ python: { type: 'string' } });
const { python = wrongUse('no --python is given') } = values;
const folder = await mkdtemp(join(tmpdir(), 'expctr-peft-'));
const script = join(import.meta.dirname, 'peft_models.py');
try {
  await useOnnx();
  await printed([python, script, folder], 'make');
  for (const family of Object.keys(FAMILIES)) {
    for (const [name, lora] of Object.entries(family === 'gpt2' ? GPT2 : VARIANTS)) {
      const policy = await loadPolicy(join(folder, family, 'base'), lora);
      const out = join(folder, family, name);
      policy.adapters.set('mine', trained(policy.adapters.get('mine')));
      await policy.adapters.save('mine', join(out, 'adapter'));
      await saveMerged(policy, 'mine', join(out, 'merged'));
      const [logProbs] = await policy.logProbabilities({ prompts: [PROMPT], responses: [RESPONSE] }, 'mine');
      await writeFile(join(out, 'numbers.json'), JSON.stringify({ prompt: PROMPT, response: RESPONSE, logProbs: Array.from(logProbs!) }));
      await policy.dispose();
    }
  }
  process.stdout.write(await printed([python, script, folder], 'check'));
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** A model without a tokenizer, with a fresh adapter. */
async function loadPolicy(base: string, lora: LoraOptions): Promise<CausalLM> {
  const policy = createPolicy(await loadCheckpoint(base), null, { lora });
  policy.adapters.create('mine', createRng(1));
  return policy;
}

/** As if it had learned: B and magnitudes are no longer what they begin as. */
function trained({ config, tensors }: Adapter): Adapter {
  const learned = (module: string, { a, b, magnitude }: LoraFactors): LoraFactors => {
    const rng = createRng(2).fork(module);
    const moved = b.data.map(() => 0.4 * rng.next() - 0.2);
    const longer =
      magnitude === undefined
        ? {}
        : { magnitude: { ...magnitude, data: magnitude.data.map((length) => length * (0.8 + 0.5 * rng.next())) } };
    return { a, b: { ...b, data: moved }, ...longer };
  };
  return { config, tensors: new Map([...tensors].map(([module, factors]) => [module, learned(module, factors)])) };
}
