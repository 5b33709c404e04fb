import { atMost } from '@expctr/core';
import { fitOptions } from '@expctr/ctr-models';
import { dataOptionsSchema } from '@expctr/data';
import { ENCODER_DTYPES, reductionOptions } from '@expctr/encoder';
import { loopOptions } from '@expctr/ppo';
import type { Normalization, RewardWeight } from '@expctr/rewards';
import { DEVICE_NAMES, type Device } from '@expctr/tfjs-backend-onnx';
import { z } from 'zod';

/*
 * Every option of a run that is no part's own, with its default, its unit and its effect. With the options of the parts that
 * the configuration chooses (`sections.ts`) it is the only list of options: `--help`, the JSON Schema for editors, `--set` and
 * the nearest-name hints are all derived from the two.
 */

const count = (bound: number, why: string): z.ZodInt => z.int().min(0).max(bound, atMost(bound, why));
const positive = (bound: number, why: string): z.ZodInt => z.int().min(1).max(bound, atMost(bound, why));
const CONTEXT = 'no model has a longer context';
const path = z.string().min(1);

/** `data`, beside the options of the dataset. */
export const dataSection = dataOptionsSchema.extend({
  onBadRow: z.enum(['fail', 'skip']).default('fail').describe('A malformed input line stops the run, or is skipped and counted.'),
});

const llm = z.strictObject({
  model: path
    .default('HuggingFaceTB/SmolLM2-135M-Instruct')
    .describe('folder, GGUF file or hub id (owner/name, owner/name@revision) of the language model (also --llm)'),
  maxNewTokens: positive(1_048_576, CONTEXT).default(48).describe('most tokens of an explanation'),
  maxPromptTokens: positive(1_048_576, CONTEXT)
    .default(512)
    .describe('a longer prompt loses its oldest history entries; the loss is counted'),
  temperature: z
    .number()
    .min(0)
    .max(100, atMost(100, 'from there on every token is as likely as any other'))
    .default(0)
    .describe('decoding of stage 2, validation and test explanations; 0 = greedy'),
  batchSize: positive(65_536, 'the sequences are in memory at once')
    .default(64)
    .describe('most sequences decoded at a time: memory and speed, never the text'),
  weights: z
    .enum(['float32', 'float16', 'int8', 'int4'])
    .default('float32')
    .describe(
      'how the frozen matrices are kept, for training, too; int8 takes a quarter of the memory, and is a slightly different model: compare runs of one kind',
    ),
  samplingWeights: z
    .enum(['float32', 'float16', 'int8', 'int4'])
    .nullable()
    .default(null)
    .describe(
      'how the matrices are stored that rollouts and explanations are written with; null = as weights; int8 is faster and not quite the policy (see ppo.samplerCorrection); scoring, reading and training do not change',
    ),
  lora: z
    .strictObject({
      rank: positive(4096, 'an adapter of a higher rank is larger than the layer that it adapts')
        .default(16)
        .describe('rank of the adapter'),
      alpha: z
        .number()
        .positive()
        .max(1e6, atMost(1e6, 'the adapter is multiplied by alpha / rank'))
        .default(32)
        .describe('scale: alpha / rank multiplies the adapter'),
      targetModules: z
        .array(z.string())
        .min(1)
        .nullable()
        .default(null)
        .describe(
          'linear layers that get an adapter, by the last parts of their names, or ["all-linear"]; null = those that are usual for the family',
        ),
      rankStabilized: z.boolean().default(false).describe('rsLoRA: alpha / sqrt(rank) multiplies the adapter'),
      weightDecomposed: z.boolean().default(false).describe("DoRA: the lengths of a layer's rows are trained beside the adapter"),
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
  maxTextLength: z
    .int()
    .min(10)
    .max(1_048_576, atMost(1_048_576, CONTEXT))
    .default(300)
    .describe(
      'most characters of a title, and of the values of one attribute together, that prompts show; what is cut is counted and named',
    ),
  maxUnknown: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe(
      "share of tokens that the language model's vocabulary lacks, in prompts or in the items they show, above which a run does not start",
    ),
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

const images = z.strictObject({
  folder: path
    .nullable()
    .default(null)
    .describe(
      'folder of images that are named by the items that they are of (42.jpg, .png, .webp); every CTR model is given their vectors; null = none',
    ),
  model: path
    .default('Xenova/clip-vit-base-patch32')
    .describe('folder or hub id of what turns images into vectors: the image side of CLIP or SigLIP, ViT, DINOv2'),
  dtype: z.enum(ENCODER_DTYPES).default('fp32').describe("numeric form of that model's weights, of which its files must hold a graph"),
  missing: z
    .enum(['zero', 'error'])
    .default('zero')
    .describe('an item whose image is missing or damaged gets the zero vector, and a warning counts such items; or it stops the run'),
});

/** `sampler`, beside the options of the sampler. */
export const samplerSection = z.strictObject({
  kind: z
    .string()
    .default('policy')
    .describe('what samples explanations: the policy itself, servers of vllm, sglang or llama-cpp, or a sampler of a plug-in'),
});

/** `encoder`, beside the options of the encoder. */
export const encoderSection = reductionOptions.strict().extend({
  model: path
    .default('Xenova/bge-small-en-v1.5')
    .describe("folder or hub id of a sentence encoder, or an encoder by its name and argument, such as 'hashed:256' (also --encoder)"),
  byAttribute: z
    .boolean()
    .default(false)
    .describe('besides the vector of the whole explanation one for what it says of each attribute of its item'),
});

/** `ctr.tables`, one of them. */
const table = z.strictObject({
  hash: positive(2 ** 31 - 2, 'ids are kept in 32 bits')
    .exactOptional()
    .describe('ids by hash in so many buckets, and no vocabulary'),
  minimumCount: positive(0x7fffffff, 'row numbers are kept in 32 bits')
    .exactOptional()
    .describe('values that fewer training rows show share the row of unknown ones'),
  dimension: positive(4096, 'no table has more').exactOptional().describe('components of its embeddings, where they are fewer'),
});

/** `ctr`, beside the options of the backbone. */
export const ctrSection = fitOptions.extend({
  backbone: z.string().default('deepfm').describe('the CTR model of id-only and id-only-full (also --backbone)'),
  history: z
    .array(z.string())
    .min(1)
    .default(['logistic-regression', 'deepfm', 'din'])
    .describe(
      'CTR models that may know the history in numbers and event by event; the one that ranks the validation rows best is id-history, and explanations are added to it',
    ),
  historyL2: z
    .array(z.number().min(0).max(1e6, atMost(1e6, 'nothing is left of the embeddings')))
    .min(1)
    .default([0.1, 1])
    .describe(
      'penalties on table rows that each of these is tried with, in the place of embeddingL2; a large one leaves little but numbers',
    ),
  learningCurve: z
    .array(positive(0x7fffffff, 'row numbers are kept in 32 bits'))
    .default([100, 300, 1000])
    .describe('numbers of CTR rows at which predictors are compared again; [] = none'),
  tables: z
    .record(z.string(), table)
    .default({})
    .describe('how tables of embeddings are made, by name (user, item, item_genres, …), where they are to differ from the rest'),
});

/** `ppo`, beside the options of the algorithm. */
export const ppoSection = loopOptions.extend({
  algorithm: z.string().default('grpo').describe('how the policy is optimized (also --algorithm)'),
  stage1Updates: count(1_000_000, 'that is weeks of work').default(100).describe('updates of stage 1'),
  stage3Updates: count(1_000_000, 'that is weeks of work').default(50).describe('updates of each stage 3'),
  promptsPerUpdate: positive(65_536, 'the completions of an update are in memory at once').default(4).describe('prompts in an update'),
  schedule: z
    .enum(['constant', 'linear', 'cosine'])
    .default('constant')
    .describe('how learningRate goes on over the updates of a stage: as it is, or down to 0 behind the last one'),
  checkpointEvery: positive(1_000_000, 'a stage has no more updates').default(10).describe('updates between two checkpoints of a stage'),
});

/** What a run's config.json says of a plug-in. */
const pluginRecord = z.strictObject({ module: z.string().nullable(), name: z.string(), version: z.string().nullable() });

/** Everything outside the sections of parts. */
export const commonFields = {
  plugins: z
    .array(z.union([path, pluginRecord]))
    .default([])
    .describe('modules that bring parts of their own: packages, or paths that begin with ./ or / (also --plugin)'),
  dataset: z.string().default('movielens').describe('name of the data source (also --dataset)'),
  dataDir: path.nullable().default(null).describe('folder with its files (also --data-dir)'),
  seed: z.int().default(1).describe('every random stream follows from it'),
  iterations: count(1000, 'each repeats stages 2 and 3 whole').default(1).describe('repetitions K of stages 2 and 3'),
  threads: count(1024, 'no machine has more cores for it').default(0).describe('threads of ONNX Runtime; 0 = one a core'),
  device: z
    .enum(DEVICE_NAMES as [Device, ...Device[]])
    .default('cpu')
    .describe("where language model and CTR models compute: the processor, or a GPU by one of ONNX Runtime's execution providers"),
  llm: llm.prefault({}),
  prompt: prompt.prefault({}),
  reader: reader.prefault({}),
  images: images.prefault({}),
} as const;

/** A section with the options of its part beside the common ones. */
type WithPart<S extends z.ZodType> = z.output<S> & Readonly<Record<string, unknown>>;

/** Weights of the rewards in a stage, by name. */
export type RewardWeights = Readonly<Record<string, RewardWeight>>;

/** A complete, validated configuration: every option has a value. */
export type Config = z.output<z.ZodObject<typeof commonFields>> & {
  readonly data: WithPart<typeof dataSection>;
  readonly sampler: WithPart<typeof samplerSection>;
  readonly encoder: WithPart<typeof encoderSection>;
  readonly ctr: WithPart<typeof ctrSection>;
  readonly ppo: WithPart<typeof ppoSection>;
  /** Weights by stage, what holds for all rewards, and each reward's options under its name. */
  readonly rewards: {
    readonly stage1: RewardWeights;
    readonly stage3: RewardWeights;
    readonly normalize: Normalization;
    readonly timeoutSeconds: number | null;
    readonly onAllNull: 'stop' | 'warn';
  } & Readonly<Record<string, unknown>>;
};

/** Any part of a tree of options. */
export type PartialConfig = { readonly [option: string]: unknown };
