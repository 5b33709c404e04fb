// A real llama.cpp server rolls out updates end to end: adapter versions as GGUF files, log-probabilities beside the policy's own.
// usage: npm run samplers -- llama-cpp --server PROGRAM --model MODEL.gguf [options]
//   --server PROGRAM   llama-server of llama.cpp; it is built from the sources in the package llama-cpp-python (vendor/llama.cpp,
//                      cmake --target llama-server), or comes with packages of binaries
//   --model MODEL      a .gguf file that @expctr/llm-lora reads, too, with tokenizer.json beside it
//   --updates N        updates, each with a version of its own (3)
//   --prompts N        prompts an update (2)
//   --completions N    completions of each (4)
//   --tokens N         tokens of the longest completion (24)
//   --temperature T    (1)
//   --replicas N       processes of the server (1)
//   --threads N        threads of each, and of the policy (2)
import { cpus } from 'node:os';
import { createRng } from '@expctr/core';
import type { Completion, Sampler } from '@expctr/language-model';
import { loadCausalLM } from '@expctr/llm-lora';
import { createLearner } from '@expctr/ppo';
import { createLlamaCppSampler, localServers } from '@expctr/samplers';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { finiteNumber, toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';

const { values } = toolArguments({
  server: { type: 'string' },
  model: { type: 'string' },
  updates: { type: 'string', default: '3' },
  prompts: { type: 'string', default: '2' },
  completions: { type: 'string', default: '4' },
  tokens: { type: 'string', default: '24' },
  temperature: { type: 'string', default: '1' },
  replicas: { type: 'string', default: '1' },
  threads: { type: 'string', default: '2' },
});
const { server = wrongUse('no --server is given'), model = wrongUse('no --model is given') } = values;
const count = (option: 'updates' | 'prompts' | 'completions' | 'tokens' | 'replicas' | 'threads'): number =>
  wholeNumber(`--${option}`, values[option]);
const temperature = finiteNumber('--temperature', values.temperature);
const [threads, completionsPerPrompt] = [count('threads'), count('completions')];

await useOnnx();
const policy = await loadCausalLM(model, { lora: { rank: 8, alpha: 16 }, threads });
policy.adapters.create('policy', createRng('adapter'));
const launch = localServers({
  server,
  model,
  replicas: count('replicas'),
  slots: completionsPerPrompt,
  context: 512,
  threads,
  startMs: 600_000,
});
const remote = createLlamaCppSampler({ launch, concurrency: completionsPerPrompt, vocabularySize: policy.config.vocabularySize });

let made: readonly Completion[] = [];
let seconds = { publish: 0, generate: 0 };
/** The sampler, watched. */
const sampler: Sampler = {
  async generate(prompts, options) {
    const begin = performance.now();
    made = await remote.generate(prompts, options);
    seconds.generate = (performance.now() - begin) / 1000;
    return [...made];
  },
  async publish(folder, version) {
    const begin = performance.now();
    await remote.publish(folder, version);
    seconds.publish = (performance.now() - begin) / 1000;
  },
};

const { tokenizer } = policy;
const prompts = ['The film was liked because', 'He would not watch it, for', 'A book about the sea is', 'Songs of summer are']
  .slice(0, count('prompts'))
  .map((text) => tokenizer.encodeText(text));
const learner = await createLearner({
  algorithm: 'rloo',
  policy,
  sampler,
  reference: 'base',
  rng: createRng('llama-cpp'),
  config: {
    maxNewTokens: count('tokens'),
    stopTokenIds: tokenizer.eosTokenIds,
    completionsPerPrompt,
    learningRate: 1e-3,
    temperature,
  },
});

/** How far the sampler's log-probabilities are from those of an adapter of the policy, in nats a token; null = the base model. */
async function distance(adapter: string | null): Promise<number> {
  const batch = { prompts: made.map(({ promptIndex }) => prompts[promptIndex]!), responses: made.map(({ tokens }) => tokens), temperature };
  const own = await policy.logProbabilities(batch, adapter);
  const each = made.flatMap(({ logProbs }, row) => Array.from(logProbs, (value, t) => Math.abs(value - own[row]![t]!)));
  const known = each.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
print(`${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${threads} threads; ${model.split('/').at(-1)}, temperature ${temperature}`);
try {
  for (let step = 0; step < count('updates'); step += 1) {
    seconds = { publish: 0, generate: 0 };
    const before = policy.adapters.active;
    policy.adapters.copy(before, 'rolled-out'); // the update moves the other one
    const { metrics } = await learner.update({
      prompts,
      step,
      score: (rollouts) => Promise.resolve(rollouts.map(({ tokens }) => (tokenizer.decodeText(tokens).match(/\bthe\b/gu) ?? []).length)),
    });
    const length = made.reduce((sum, { tokens }) => sum + tokens.length, 0);
    const unknown = made.reduce((sum, { logProbs }) => sum + logProbs.filter(Number.isNaN).length, 0);
    print(
      `update ${step}: version ${[...new Set(made.map(({ version }) => version))].join(', ')}, started and loaded in ${seconds.publish.toFixed(1)} s`,
    );
    print(
      `  ${made.length} completions, ${length} tokens in ${seconds.generate.toFixed(1)} s = ${(length / seconds.generate).toFixed(1)} tokens/s; ` +
        `${made.filter(({ finishReason }) => finishReason === 'stop').length} ended by themselves; ${unknown} log-probabilities not said`,
    );
    print(
      `  mismatch a token: ${(await distance('rolled-out')).toFixed(4)} nats to the version, ${(await distance(null)).toFixed(4)} to the base model; score ${metrics['objective/scores']?.toFixed(3)}`,
    );
    print(`  ${JSON.stringify(tokenizer.decodeText(made[0]!.tokens))}`);
    policy.adapters.delete('rolled-out');
  }
} finally {
  await learner.dispose();
  await remote.dispose();
  await policy.dispose();
}
