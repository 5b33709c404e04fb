import { atMost } from '@expctr/core';
import { z } from 'zod';
import { FUSIONS, type Backbone } from '../backbones/backbone.js';
import { CtrError } from '../errors.js';
import { EMBEDDING_SIZES } from '../tables/embedding-table.js';
import { OPTIMIZER_NAMES, TABLE_OPTIMIZER_NAMES } from '../tables/row-optimizer.js';

const upTo = (bound: number, why: string): z.ZodInt => z.int().min(1).max(bound, atMost(bound, why));
const penalty = z.number().min(0).max(1e6, atMost(1e6, 'nothing is left of the weights'));

/** How a fit trains, whatever the backbone: the one list of these options and their defaults, chosen for some ten thousand rows. */
export const fitOptions = z.object({
  epochs: upTo(10_000, 'by then every row has been learned by heart')
    .default(30)
    .describe('most passes over the training rows; early stopping ends sooner'),
  patience: upTo(10_000, 'a fit has no more epochs')
    .default(5)
    .describe('epochs without a better validation log-loss before stopping and going back to the best'),
  plateauFactor: z
    .number()
    .positive()
    .max(1, atMost(1, 'a fit that does not get better is not helped by larger steps'))
    .default(1)
    .describe('what the learning rates are multiplied by on a plateau of the validation log-loss, 0.1 for instance; 1 = never'),
  plateauPatience: upTo(10_000, 'a fit has no more epochs')
    .default(1)
    .describe('epochs without a better validation log-loss, since the best or since they were last reduced, that are a plateau'),
  batchSize: upTo(1_048_576, 'the rows of a step are in memory at once')
    .nullable()
    .default(null)
    .describe('rows of a step; null = the largest power of two from 32 to 4096 with at least 32 steps an epoch'),
  learningRate: z
    .number()
    .positive()
    .max(1e6, atMost(1e6, 'such a step overflows float32'))
    .default(0.001)
    .describe('step size of the optimizer'),
  optimizer: z.enum(OPTIMIZER_NAMES).default('adam').describe('adam, adagrad or sgd; of tables each moves only the rows of a batch'),
  tableOptimizer: z
    .enum(TABLE_OPTIMIZER_NAMES)
    .nullable()
    .default(null)
    .describe('optimizer of the embedding tables; rowwise-adagrad keeps one number an embedding, adam two a component; null = optimizer'),
  tableLearningRate: z
    .number()
    .positive()
    .max(1e6, atMost(1e6, 'such a step overflows float32'))
    .nullable()
    .default(null)
    .describe('step size of the embedding tables, which under adagrad is larger than under adam (0.01 to 0.1); null = learningRate'),
  embeddingDimension: upTo(4096, 'every id has that many numbers in memory, three times over')
    .default(16)
    .describe('components of a field embedding'),
  embeddingSizes: z
    .enum(EMBEDDING_SIZES)
    .default('equal')
    .describe(
      'equal = every id has embeddingDimension components; by-size = a table of n values has 6 n^(1/4) where that is fewer, the rest being zeros: small vocabularies need, and get, less',
    ),
  fusion: z
    .enum(FUSIONS)
    .default('field')
    .describe(
      'how a dense vector enters a backbone with embeddings: field = as one more field, deep = into its deep part only, both, gate = as a field let in as far as the row says; first-order weights it has in any case',
    ),
  positiveWeight: z
    .number()
    .positive()
    .max(1e6, atMost(1e6, 'rows of label 0 would count for nothing'))
    .nullable()
    .default(1)
    .describe(
      'how much a row of label 1 counts in the loss beside one of label 0; null = as often as there are more rows of label 0. Probabilities are then too high, and want calibration',
    ),
  labelSmoothing: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('share of each label that is replaced by a half in training: 0.1 makes labels 0.05 and 0.95'),
  l2: penalty.default(1e-5).describe("L2 penalty l2 / 2 * |w|^2 a step on the backbone's matrices; biases go free"),
  embeddingL2: penalty.default(1e-5).describe('L2 penalty on the table rows of a batch'),
  denseL2: penalty.default(0.01).describe('L2 penalty on the weights and projections of dense vectors (parameters under `dense`)'),
});

/** Any of {@link fitOptions}. */
export type FitOptions = z.input<typeof fitOptions>;

/** {@link fitOptions} with the defaults in place, the batch size for the rows at hand included. */
export type ResolvedFitOptions = z.output<typeof fitOptions> & { readonly batchSize: number };

/** What {@link resolveOptions} gives. */
export interface ResolvedOptions {
  /** Those of every fit. */
  readonly fit: ResolvedFitOptions;
  /** The backbone's own. */
  readonly own: Readonly<Record<string, unknown>>;
}

/**
 * Takes apart options of a fit and of its backbone, which stand in one object, and fills in the defaults for `rows` training rows.
 * A field that is undefined counts as left out.
 * @throws CtrError `CTR_OPTION`, naming the option, for an unknown name or a value that makes no sense
 */
export function resolveOptions({ name, options }: Backbone, given: Readonly<Record<string, unknown>>, rows: number): ResolvedOptions {
  const all: Readonly<Record<string, z.core.$ZodType>> = { ...fitOptions.shape, ...options.shape };
  const unknown = Object.keys(given).find((field) => !Object.hasOwn(all, field));
  if (unknown !== undefined) {
    throw new CtrError('CTR_OPTION', `there is no option '${unknown}' for the backbone ${name}`, {
      where: 'fitCtr',
      expected: `one of ${Object.keys(all).join(', ')}`,
      remedy: 'correct the name, or leave the option out',
    });
  }
  const of = (shape: object): Record<string, unknown> => Object.fromEntries(Object.entries(given).filter(([k]) => Object.hasOwn(shape, k)));
  const fit = parsed(fitOptions, of(fitOptions.shape));
  const batchSize = fit.batchSize ?? 2 ** Math.min(12, Math.max(5, Math.floor(Math.log2(rows / 32))));
  return { fit: { ...fit, batchSize }, own: parsed<Readonly<Record<string, unknown>>>(options, of(options.shape)) };
}

function parsed<T>(schema: z.ZodType<T>, given: Readonly<Record<string, unknown>>): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  const value = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], given);
  throw new CtrError(
    'CTR_OPTION',
    `the option ${path.join('.')} is ${typeof value === 'number' ? value : JSON.stringify(value)}: ${message}`,
    {
      where: 'fitCtr',
      remedy: 'correct the value, or leave it out for its default',
    },
  );
}
