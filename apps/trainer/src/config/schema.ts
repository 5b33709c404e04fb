import { z } from 'zod';

/*
 * Every option of a run, with its default, its unit and its effect. This schema is the only list of options: `--help`,
 * the JSON Schema for editors, `--set` and the nearest-name hints are all derived from it.
 */

const count = z.int().min(0);
const positive = z.int().min(1);
const share = z.number().min(0).max(1);
const path = z.string().min(1);

const data = z.strictObject({
  labelThreshold: z.number().default(4).describe('a rating of at least this is a click (label 1)'),
  kCore: count.default(5).describe('keep users and items with at least this many interactions, to a fixed point; 0 = none'),
  maxPerUser: count.default(0).describe("keep each user's newest rows only, after k-core and before splits; 0 = all"),
  maxInteractions: count.default(0).describe('ceiling on rows: whole users are taken in seeded order after every other rule; 0 = none'),
  split: z.enum(['per-user', 'global-time']).default('per-user').describe('80/10/10 within each user by time, or at two moments for everyone'),
  onBadRow: z.enum(['fail', 'skip']).default('fail').describe('a malformed input line stops the run, or is skipped and counted'),
  history: z
    .strictObject({
      length: positive.default(20).describe('most earlier interactions that a row carries'),
      select: z.enum(['recent', 'similar']).default('recent').describe('the latest ones, or those whose items share most attributes with the target'),
      online: z.boolean().default(false).describe('let evaluation rows see earlier evaluation rows of their user'),
    })
    .prefault({}),
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
  form: z.enum(['auto', 'chat', 'completion']).default('auto').describe('how the explanation is asked for; auto = chat where the model has a template'),
});

const reader = z.strictObject({
  form: z.string().default('auto').describe('LC prompt form: few-shot, chat, continuation, one of your template, or auto = the best in the reader check'),
  onFail: z.enum(['stop', 'warn']).default('stop').describe('what to do where the model cannot read: stop (exit 1) or go on with a warning'),
  threshold: z.number().min(0.5).max(1).default(0.7).describe('AUC on held-out statements that counts as reading'),
  calibrate: z.boolean().default(true).describe("subtract the reader's log-odds on content-free inputs"),
  withHistory: z.boolean().default(false).describe('repeat the history in the LC prompt'),
  stripVerdict: z.boolean().default(true).describe('remove sentences that state the outcome before reader and encoder see an explanation'),
});

const encoder = z.strictObject({
  model: z.string().min(1).default('Xenova/bge-small-en-v1.5').describe("folder or hub id of a sentence encoder, or 'hashed:256' (also --encoder)"),
  pooling: z.enum(['mean', 'cls']).nullable().default(null).describe("null = from the model's own files or its family"),
  maxTokens: positive.default(256).describe('longer texts are cut and counted'),
  dtype: z.enum(['fp32', 'q8']).default('fp32').describe('numeric form of the encoder graph'),
});

const ctr = z.strictObject({
  backbone: z.string().default('deepfm').describe('logistic-regression, fm or deepfm (also --backbone)'),
  epochs: positive.default(20).describe('most passes over the training rows; early stopping ends sooner'),
  patience: positive.default(3).describe('epochs without a better validation AUC before stopping'),
  batchSize: positive.default(256).describe('rows in a step'),
  learningRate: z.number().positive().default(0.003).describe('of Adam'),
  embeddingDimension: positive.default(16).describe('size of ID embeddings'),
  l2: z.number().min(0).default(1e-5).describe('weight of the squared norm of the embeddings of a batch'),
  denseL2: z.number().min(0).default(1e-3).describe('weight of the squared norm of the projection of dense vectors (explanations)'),
});

const rewardWeights = (lc: number, ic: number) =>
  z
    .strictObject({
      lc: z.number().default(lc).describe('weight of the LC alignment reward'),
      ic: z.number().default(ic).describe('weight of the IC alignment reward'),
      length: z.number().default(0).describe('weight of the length reward'),
      format: z.number().default(0).describe('weight of the format reward'),
    })
    .prefault({});

const rewards = z.strictObject({
  form: z.enum(['brier', 'log', 'linear']).default('brier').describe('form of both alignment rewards'),
  icTarget: z.enum(['label', 'teacher']).default('label').describe("IC agrees with the label, or with the ID-only model's probability"),
  icMode: z.enum(['absolute', 'difference']).default('absolute').describe('IC itself, or its gain over the mean explanation'),
  stage1: rewardWeights(1, 0),
  stage3: rewardWeights(0, 1),
});

const ppo = z.strictObject({
  algorithm: z.string().default('ppo').describe('policy optimization algorithm (also --algorithm)'),
  learningRate: z.number().min(0).default(1e-4).describe('of AdamW for adapter and value head; 0 = nothing moves'),
  stage1Updates: count.default(100).describe('updates of stage 1'),
  stage3Updates: count.default(50).describe('updates of each stage 3'),
  promptsPerUpdate: positive.default(8).describe('prompts in an update'),
  completionsPerPrompt: positive.default(2).describe('completions sampled for each prompt'),
  epochs: positive.default(1).describe('passes over the rollouts of an update'),
  minibatches: positive.default(1).describe('minibatches in a pass'),
  microBatchSize: positive.default(8).describe('sequences whose activations are in memory together'),
  temperature: z.number().positive().default(1).describe('of rollouts'),
  clip: z.number().positive().default(0.2).describe('half width of the ratio clip'),
  valueClip: z.number().positive().default(0.2).describe('half width of the value clip'),
  valueCoefficient: z.number().min(0).default(0.1).describe('weight of the value loss'),
  entropyCoefficient: z.number().min(0).default(0).describe('weight of the entropy bonus'),
  gamma: share.default(1).describe('discount by token'),
  lambda: share.default(0.95).describe('of generalized advantage estimation'),
  klCoefficient: z.number().min(0).default(0.05).describe('weight of the per-token KL to the reference'),
  klEstimator: z.enum(['k1', 'k3']).default('k1').describe('estimator of that KL'),
  klTarget: z.number().positive().nullable().default(null).describe('adaptive KL: aim at this many nats a sequence; null = fixed coefficient'),
  missingEosPenalty: z.number().min(0).default(0).describe('taken from the score of a response that did not end by itself'),
  maxGradientNorm: z.number().positive().default(1).describe('global-norm clipping'),
  checkpointEvery: positive.default(10).describe('updates between two checkpoints of a stage'),
});

/** The whole configuration of a run. */
export const configSchema = z
  .strictObject({
    dataset: z.string().default('movielens').describe('name of the data source (also --dataset)'),
    dataDir: path.nullable().default(null).describe('folder with its files (also --data-dir)'),
    seed: z.int().default(1).describe('every random stream follows from it'),
    iterations: count.default(1).describe('repetitions K of stages 2 and 3'),
    threads: count.default(0).describe('threads of ONNX Runtime; 0 = one a core'),
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
