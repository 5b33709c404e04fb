import { atMost } from '@expctr/core';
import { z } from 'zod';
import { FUSIONS, type Backbone } from '../backbones/backbone.js';
import { CtrError } from '../errors.js';
import { OPTIMIZER_NAMES } from '../tables/row-optimizer.js';

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
  optimizer: z.enum(OPTIMIZER_NAMES).default('adam').describe('adam, adagrad or sgd; each moves only the table rows of a batch'),
  embeddingDimension: upTo(4096, 'every id has that many numbers in memory, three times over')
    .default(16)
    .describe('components of a field embedding'),
  fusion: z
    .enum(FUSIONS)
    .default('field')
    .describe(
      'how a dense vector enters a backbone with embeddings: field = as one more field, deep = into its deep part only, both, gate = as a field let in as far as the row says; first-order weights it has in any case',
    ),
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
