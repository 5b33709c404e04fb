import { dataOptionsSchema } from '@expctr/data';
import { z } from 'zod';

/*
 * Every option of a run, with its default, its unit and its effect. This schema is the only list of options: `--help`,
 * the JSON Schema for editors, `--set` and the nearest-name hints are all derived from it.
 */

const count = z.int().min(0);
const positive = z.int().min(1);
const share = z.number().min(0).max(1);
const path = z.string().min(1);

const data = dataOptionsSchema.extend({
  onBadRow: z.enum(['fail', 'skip']).default('fail').describe('A malformed input line stops the run, or is skipped and counted.'),
});

const llm = z.strictObject({
  model: path.default('HuggingFaceTB/SmolLM2-135M-Instruct').describe('folder, GGUF file or hub id of the language model (also --llm)'),
  maxNewTokens: positive.default(48).describe('most tokens of an explanation'),
  maxPromptTokens: positive.default(512).describe('a longer prompt loses its oldest history entries; the loss is counted'),
  temperature: z.number().min(0).default(0).describe('decoding of stage 2, validation and test explanations; 0 = greedy'),
  batchSize: positive.default(32).describe('sequences decoded together'),
  lora: z
    .strictObject({
      rank: positive.default(16).describe('rank of the adapter'),
      alpha: z.number().positive().default(32).describe('scale: alpha / rank multiplies the adapter'),
      targetModules: z.array(z.string()).min(1).default(['q_proj', 'v_proj']).describe('linear layers that get an adapter'),
    })
    .prefault({}),
});

const prompt = z.strictObject({
  explanation: path.nullable().default(null).describe('JSON file with an explanation template; null = the built-in one'),
  lc: path.nullable().default(null).describe('JSON file with a template of the LC reading; null = the built-in one'),
  form: z
    .enum(['auto', 'chat', 'completion'])
    .default('auto')
    .describe('how the explanation is asked for; auto = chat where the model has a template'),
});

const reader = z.strictObject({
  form: z
    .string()
    .default('auto')
    .describe('LC prompt form: few-shot, chat, continuation, one of your template, or auto = the best in the reader check'),
  onFail: z
    .enum(['stop', 'warn'])
    .default('stop')
    .describe('what to do where the model cannot read: stop (exit 1) or go on with a warning'),
  threshold: z.number().min(0.5).max(1).default(0.7).describe('AUC on held-out statements that counts as reading'),
  calibrate: z.boolean().default(true).describe("subtract the reader's log-odds on content-free inputs"),
  withHistory: z.boolean().default(false).describe('repeat the history in the LC prompt'),
  stripVerdict: z.boolean().default(true).describe('remove sentences that state the outcome before reader and encoder see an explanation'),
});

const encoder = z.strictObject({
  model: z
    .string()
    .min(1)
    .default('Xenova/bge-small-en-v1.5')
    .describe("folder or hub id of a sentence encoder, or 'hashed:256' (also --encoder)"),
  pooling: z.enum(['mean', 'cls']).nullable().default(null).describe("null = from the model's own files or its family"),
  maxTokens: positive.default(256).describe('longer texts are cut and counted'),
  dtype: z.enum(['fp32', 'q8']).default('fp32').describe('numeric form of the encoder graph'),
});

const ctr = z.strictObject({
  backbone: z.string().default('deepfm').describe('logistic-regression, fm or deepfm (also --backbone)'),
  epochs: positive.default(30).describe('most passes over the training rows; early stopping ends sooner'),
  patience: positive.default(5).describe('epochs without a better validation log-loss before stopping'),
  batchSize: positive.nullable().default(null).describe('rows of a step; null = 32 to 4096, at least 32 steps an epoch'),
  learningRate: z.number().positive().default(0.001).describe('step size of Adam'),
  embeddingDimension: positive.default(16).describe('size of ID embeddings'),
  l2: z.number().min(0).default(1e-5).describe("L2 penalty on the backbone's matrices"),
  embeddingL2: z.number().min(0).default(1e-5).describe('L2 penalty on the table rows of a batch'),
  denseL2: z.number().min(0).default(0.01).describe('L2 penalty on the weights of dense vectors (explanations)'),
});

const rewardWeights = (lc: number, ic: number) =>
  z
    .strictObject({
      lc: z.number().min(0).default(lc).describe('weight of the LC alignment reward'),
      ic: z.number().min(0).default(ic).describe('weight of the IC alignment reward'),
      siblings: z.number().min(0).default(0).describe('weight of LC alignment on other items of the user that share attributes'),
      length: z.number().min(0).default(0).describe('weight of the length reward'),
      format: z.number().min(0).default(0).describe('weight of the format reward'),
    })
    .prefault({});

const rewards = z.strictObject({
  form: z.enum(['brier', 'log', 'linear']).default('brier').describe('form of both alignment rewards'),
  icTarget: z.enum(['label', 'teacher']).default('label').describe("IC agrees with the label, or with the ID-only model's probability"),
  icMode: z.enum(['absolute', 'difference']).default('absolute').describe('IC itself, or its gain over the mean explanation'),
  siblingItems: positive
    .default(2)
    .describe('other items on which the siblings reward reads an explanation, for each attribute of its item'),
  stage1: rewardWeights(1, 0),
  stage3: rewardWeights(0, 1),
});

const ppo = z.strictObject({
  algorithm: z.string().default('ppo').describe('policy optimization algorithm (also --algorithm)'),
  stage1Updates: count.default(100).describe('updates of stage 1'),
  stage3Updates: count.default(50).describe('updates of each stage 3'),
  promptsPerUpdate: positive.default(4).describe('prompts in an update'),
  completionsPerPrompt: positive.default(4).describe('completions sampled for each prompt'),
  learningRate: z.number().min(0).default(1e-4).describe('step size of Adam for adapter and value head; 0 = nothing moves'),
  epochs: positive.default(1).describe('passes over the rollouts of an update'),
  minibatches: positive.default(1).describe('optimizer steps in a pass'),
  microBatchSize: positive.default(16).describe('completions whose activations are in memory together'),
  temperature: z.number().positive().default(1).describe('of rollouts'),
  clipRange: z.number().positive().lt(1).default(0.2).describe('half width of the ratio clip'),
  valueClipRange: z.number().positive().default(0.2).describe('half width of the value clip, in reward units'),
  valueCoefficient: z.number().min(0).default(0.1).describe('weight of the value loss'),
  entropyCoefficient: z.number().min(0).default(0).describe('reward of entropy per nat and token'),
  dualClip: z.number().gt(1).default(3).describe('bound of a loss in units of |advantage| where the advantage is negative'),
  ratioThreshold: z.number().gt(1).default(10).describe('a minibatch with a larger mean ratio is skipped and counted'),
  discount: share.default(1).describe('gamma, by token'),
  lambda: share.default(0.95).describe('of generalized advantage estimation'),
  whitenRewards: z.boolean().default(false).describe('scale rewards to variance 1, keeping their mean'),
  whitenAdvantages: z.boolean().default(true).describe('center advantages and scale them to variance 1'),
  klCoefficient: z.number().min(0).default(0.05).describe('reward units per nat of KL to the reference, by token'),
  klEstimator: z.enum(['k1', 'k2', 'k3']).default('k1').describe('estimator of that KL'),
  klTarget: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('adaptive KL: aim at so many nats a completion; null = fixed coefficient'),
  klHorizon: z.number().positive().default(10_000).describe('completions over which the adaptive coefficient reacts'),
  missingStopPenalty: z.number().min(0).default(0.1).describe('taken off the score of a completion that did not end by itself'),
  maxGradientNorm: z.number().positive().default(1).describe('global-norm clipping'),
  checkpointEvery: positive.default(10).describe('updates between two checkpoints of a stage'),
});

const testbed = z.strictObject({
  users: positive.default(300).describe('users of the simulated world'),
  items: positive.default(400).describe('items of the simulated world'),
  secondIntent: z.boolean().default(false).describe('two sets of tastes a user; the last items decide which one is at work'),
  secondDomain: z.boolean().default(false).describe('games instead of stories: other items and other words for the same tastes'),
});

/** The whole configuration of a run. */
export const configSchema = z
  .strictObject({
    dataset: z.string().default('movielens').describe('name of the data source (also --dataset)'),
    dataDir: path.nullable().default(null).describe('folder with its files (also --data-dir)'),
    seed: z.int().default(1).describe('every random stream follows from it'),
    iterations: count.default(1).describe('repetitions K of stages 2 and 3'),
    threads: count.default(0).describe('threads of ONNX Runtime; 0 = one a core'),
    testbed: testbed.prefault({}),
    data: data.prefault({}),
    llm: llm.prefault({}),
    prompt: prompt.prefault({}),
    reader: reader.prefault({}),
    encoder: encoder.prefault({}),
    ctr: ctr.prefault({}),
    rewards: rewards.prefault({}),
    ppo: ppo.prefault({}),
  })
  .describe('Configuration of expctr-train');

/** A complete, validated configuration: every option has a value. */
export type Config = z.output<typeof configSchema>;

/** What a configuration file or a preset may hold: any part of {@link Config}. */
export type PartialConfig = z.input<typeof configSchema>;
