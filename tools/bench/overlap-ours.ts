// One side of tools/bench/overlap.ts: a policy that writes or learns when a line says so. Arguments: MODEL_FOLDER WORK_AS_JSON THREADS.
// "generate" writes completions of random prompts, "learn" scores as many with the base model and takes a step; each answers its seconds.
import { createInterface } from 'node:readline';
import { createRng } from '@expctr/core';
import { loadCausalLM } from '@expctr/llm-lora';
import { adamw, useOnnx } from '@expctr/tfjs-backend-onnx';
import { meanCrossEntropy } from '../common/cross-entropy.js';
import { timed } from '../common/measure.js';
import type { UpdateWork } from './rl-work.js';

const [folder = '', json = '', threads = ''] = process.argv.slice(2);
const work = JSON.parse(json) as UpdateWork;
await useOnnx();
const policy = await loadCausalLM(folder, { lora: { rank: work.rank, alpha: 2 * work.rank }, threads: Number(threads) });
policy.adapters.create('policy', createRng(1));
const step = await policy.compileStep(meanCrossEntropy, adamw({ learningRate: 1e-5 }), {});
const rng = createRng(2);
const tokens = (length: number): number[] => Array.from({ length }, () => 5 + rng.int(policy.tokenizer.vocabularySize - 5));

const TASKS: Readonly<Record<string, () => Promise<unknown>>> = {
  generate: () => {
    const prompts = Array.from({ length: work.prompts }, () => tokens(work.prompt));
    const { completions: completionsPerPrompt, response: maxNewTokens } = work;
    return policy.generate(prompts, { completionsPerPrompt, maxNewTokens, stopTokenIds: [], seed: [rng.int(1e6)] });
  },
  learn: async () => {
    const rows = Array.from({ length: work.prompts }, () => tokens(work.prompt)).flatMap((prompt) =>
      Array.from({ length: work.completions }, () => ({ prompt, response: tokens(work.response) })),
    );
    const batch = { prompts: rows.map(({ prompt }) => prompt), responses: rows.map(({ response }) => response) };
    await policy.logProbabilities(batch, null);
    await step.run([{ ...batch, scalars: { tokens: rows.length * work.response } }]);
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const { milliseconds } = await timed(() => TASKS[line]!());
  console.log(String(milliseconds / 1000));
}
process.exit(0);
