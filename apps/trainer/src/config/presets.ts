import type { PartialConfig } from './schema.js';

/** A named starting point; anything in it can be overridden. */
export interface Preset {
  readonly description: string;
  readonly config: PartialConfig;
}

/** What both testbeds have in common. */
const testbedData = { kCore: 0, history: { length: 60 } };

const testbed = {
  dataset: 'testbed',
  data: testbedData,
  llm: {
    model: 'testbed',
    // five claims of three words; a profile of all 62 values and an item
    maxNewTokens: 16,
    maxPromptTokens: 76,
    batchSize: 128,
    lora: { rank: 8, alpha: 16, targetModules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] },
  },
  // it was trained to answer with probabilities
  reader: { calibrate: false },
  // five fields, four degrees: what is said of each has a place of its own
  encoder: { model: 'static', byAttribute: true },
  // a made-up reason fits one label; a true one holds for the user's other items, too
  rewards: { stage1: { lc: 1, siblings: 2 }, stage3: { ic: 1, siblings: 1 } },
  // level here with the others that know the history, and quickest
  ctr: { history: ['deepfm'] },
  // few prompts an update teach it to say less, whatever it says; with many it learns what to say
  ppo: {
    // what docs/results.md was measured with
    algorithm: 'rloo',
    stage1Updates: 60,
    stage3Updates: 10,
    promptsPerUpdate: 64,
    completionsPerPrompt: 4,
    microBatchSize: 128,
    learningRate: 4e-3,
    // a step size that stays teaches it to say less and less: what a hundred noisy updates add up to
    schedule: 'linear',
    beta: 0.01,
    minibatches: 2,
    // it samples for itself, in the precision that it learns in
    oldLogProbs: 'sampler',
  },
} satisfies PartialConfig;

/** One line a preset. */
export const presets: Readonly<Record<string, Preset>> = {
  testbed: {
    description:
      'a simulated world whose true reasons are known, and the small language model that grew up in one: the whole method in minutes',
    config: {
      ...testbed,
      data: { ...testbedData, users: 180 },
      ctr: { ...testbed.ctr, learningCurve: [300] },
      // what gets furthest in so few updates (docs/results.md)
      ppo: { ...testbed.ppo, algorithm: 'grpo', lossType: 'grpo', stage1Updates: 20, stage3Updates: 4 },
    },
  },
  'testbed-large': {
    description: 'the same with more than 5,000 test rows, for narrow intervals',
    config: {
      ...testbed,
      data: { ...testbedData, users: 1800, items: 1000 },
    },
  },
  demo: {
    description: 'a generated MovieLens-shaped set and a randomly initialized small Llama: the whole pipeline in a minute, on nothing real',
    config: {
      dataset: 'generated',
      data: { kCore: 3, history: { length: 6 } },
      llm: { model: 'generated', maxNewTokens: 16, maxPromptTokens: 384, lora: { rank: 4, alpha: 8 } },
      reader: { onFail: 'warn' },
      encoder: { model: 'hashed:64' },
      // with a value head: the most that an algorithm has
      ppo: { algorithm: 'ppo', stage1Updates: 6, stage3Updates: 4, promptsPerUpdate: 8, completionsPerPrompt: 2, learningRate: 1e-3 },
    },
  },
  'movielens-small': {
    description: 'ml-latest-small cut to a size that one machine trains on in half an hour',
    config: {
      dataset: 'movielens',
      data: { maxPerUser: 40, maxInteractions: 1000, history: { length: 6 } },
      llm: { maxNewTokens: 40, maxPromptTokens: 384 },
      // the smallest chat models follow a solved example better than an instruction
      prompt: { form: 'completion' },
      // without a reward for length, policy optimization shortens the texts of so small a model to a few words
      rewards: { stage1: { lc: 1, length: 0.2 }, stage3: { ic: 1, length: 0.2 } },
      ppo: {
        // what docs/results.md was measured with
        algorithm: 'ppo',
        lambda: 0.95,
        stage1Updates: 16,
        stage3Updates: 8,
        learningRate: 3e-4,
        schedule: 'linear',
        temperature: 0.7,
        missingStopPenalty: 0,
      },
    },
  },
};
