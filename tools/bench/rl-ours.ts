// Updates of @expctr/ppo: our side of tools/bench/rl.ts. Arguments: MODEL_FOLDER ALGORITHM WORK_AS_JSON UPDATES. Prints an UpdateFigure as JSON.
// ALGORITHM is a name, or one with "+int8": rollouts by int8 weights, corrected for by truncated importance sampling.
import { createRng } from '@expctr/core';
import { loadCausalLM } from '@expctr/llm-lora';
import { createLearner } from '@expctr/ppo';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { median } from '../common/measure.js';
import type { UpdateFigure, UpdateWork } from './rl-work.js';

const [folder = '', contestant = '', json = '', updates = ''] = process.argv.slice(2);
const [algorithm = '', weights = 'float32'] = contestant.split('+');
const work = JSON.parse(json) as UpdateWork;
await useOnnx();
const int8 = weights === 'int8';
const policy = await loadCausalLM(folder, {
  lora: { rank: work.rank, alpha: 2 * work.rank, targetModules: ['q_proj', 'v_proj'] },
  samplingWeights: int8 ? 'int8' : 'float32',
});
policy.adapters.create('policy', createRng(1));
const rng = createRng(2);
const vocabulary = policy.tokenizer.vocabularySize;
const prompt = (): number[] => Array.from({ length: work.prompt }, () => 5 + rng.int(vocabulary - 5));
const learner = await createLearner({
  algorithm,
  policy,
  config: {
    maxNewTokens: work.response,
    stopTokenIds: [], // every completion has all of its tokens
    completionsPerPrompt: work.completions,
    epochs: 1,
    minibatches: 1,
    learningRate: 1e-5,
    missingStopPenalty: 0,
    ...(int8 ? { samplerCorrection: 'token' as const } : {}),
    ...(algorithm === 'ppo' ? { klCoefficient: 0.05 } : { beta: 0.05 }),
  },
  reference: 'base',
  rng: createRng(3),
});

const seconds: number[] = [];
const phases: Record<string, number[]> = {};
for (let step = 0; step <= Number(updates); step += 1) {
  const marks: [string, number][] = [];
  await learner.update({
    prompts: Array.from({ length: work.prompts }, prompt),
    step,
    onPhase: (phase) => marks.push([phase, performance.now()]),
    score: (made) => Promise.resolve(made.map(({ tokens }) => tokens.reduce((sum, token) => sum + token, 0) % 7)),
  });
  const end = performance.now();
  if (step === 0) continue; // compiles
  seconds.push((end - marks[0]![1]) / 1000);
  marks.forEach(([phase, from], at) => (phases[phase] ??= []).push(((marks[at + 1]?.[1] ?? end) - from) / 1000));
}
const figure: UpdateFigure = {
  seconds: median(seconds),
  phases: Object.fromEntries(Object.entries(phases).map(([phase, all]) => [phase, median(all)])),
  gigabytes: process.resourceUsage().maxRSS / 1e6,
};
console.log(JSON.stringify(figure));
process.exit(0);
