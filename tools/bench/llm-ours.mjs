// One measurement of @expctr/llm-lora. usage: node llm-ours.mjs MODEL_FOLDER WORK_AS_JSON; prints {figure, unit, gigabytes}
import * as tf from '@tensorflow/tfjs';
import { createRng } from '../../packages/core/dist/index.js';
import { createPolicy, loadCheckpoint } from '../../packages/llm-lora/dist/index.js';
import { adamw, useOnnx } from '../../packages/tfjs-backend-onnx/dist/index.js';

const [folder, json] = process.argv.slice(2);
const work = JSON.parse(json);
await useOnnx();
const policy = createPolicy(await loadCheckpoint(folder));
policy.adapters.create('adapter', createRng(1));
const rng = createRng(2);
const text = (length) => Array.from({ length }, () => 5 + rng.int(40_000));

/** The best of a few runs after a warm-up: other processes only ever slow a run down. */
async function seconds(runs, task) {
  await task();
  let best = Infinity;
  for (let i = 0; i < runs; i += 1) {
    const start = performance.now();
    await task();
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return best;
}

const generate = (prompts, maxNewTokens, onProgress = () => {}) =>
  policy.generate(prompts, { maxNewTokens, stopTokenIds: [], rng: createRng(3), onProgress });
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

function rows({ prompts, completions, prompt, response }) {
  const batch = { prompts: [], responses: [] };
  for (let i = 0; i < prompts; i += 1) {
    const shared = text(prompt);
    for (let j = 0; j < completions; j += 1) {
      batch.prompts.push(shared);
      batch.responses.push(text(response));
    }
  }
  return batch;
}

const kinds = {
  async decode({ sequences, prompt, tokens }) {
    const prompts = Array.from({ length: sequences }, () => text(prompt));
    const steps = [];
    for (let round = 0; round < 3; round += 1) {
      const times = [];
      await generate(prompts, 2 + tokens, () => times.push(performance.now()));
      if (round > 0) steps.push(...times.slice(1).map((time, i) => time - times[i]));
    }
    return { figure: (sequences * 1000) / median(steps), unit: 'tok/s' };
  },
  async prefill({ sequences, prompt }) {
    const prompts = Array.from({ length: sequences }, () => text(prompt));
    return { figure: (sequences * prompt) / (await seconds(3, () => generate(prompts, 1))), unit: 'tok/s' };
  },
  async step(sizes) {
    const loss = ({ logProbs }, { mask, scalars: { count } }) => ({
      loss: tf.neg(tf.div(tf.sum(tf.mul(logProbs, mask)), count)),
      metrics: {},
    });
    const step = await policy.compileStep(loss, adamw({ learningRate: 1e-4 }), {});
    const batch = { ...rows(sizes), scalars: { count: sizes.prompts * sizes.completions * sizes.response } };
    return { figure: await seconds(4, () => step.run([batch])), unit: 's' };
  },
  async score(sizes) {
    const batch = rows(sizes);
    return { figure: await seconds(4, () => policy.logProbabilities(batch, 'adapter')), unit: 's' };
  },
  async read({ texts, prefix, text: length }) {
    const common = text(prefix);
    const answers = Array.from({ length: texts }, () => [[3363], [1770]]);
    // other texts each time, as in a run; only what they have in common is kept
    const read = () =>
      policy.scoreAnswers(
        answers.map(() => [...common, ...text(length)]),
        answers,
      );
    return { figure: texts / (await seconds(4, read)), unit: 'texts/s' };
  },
};

const result = await kinds[work.kind](work);
console.log(JSON.stringify({ ...result, gigabytes: process.resourceUsage().maxRSS / 1e6 }));
process.exit(0);
