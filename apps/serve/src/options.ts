import { httpOptions } from '@expctr/app-kit/http';
import { atMost } from '@expctr/core';
import { z } from 'zod';
import { ServeError } from './errors.js';

const whole = (most: number, why: string): z.ZodInt => z.int().max(most, atMost(most, why));

/** Everything that a server can be told besides what it serves. Each is a flag of `expctr-serve`, too: `batchRows` is `--batch-rows`. */
export const serveOptions = z.strictObject({
  predictor: z.string().default('expctr-aug').describe('which model of the run predicts: expctr-aug, id-history'),
  ...httpOptions,
  generate: z.boolean().default(false).describe('let the language model of the run explain pairs that it did not explain itself'),
  watch: z
    .number()
    .min(0)
    .max(86_400, atMost(86_400, 'a day is the longest interval'))
    .default(0)
    .describe('look every so many seconds whether a newer run lies in the place, and serve it; 0 = only at SIGHUP'),
  batchRows: whole(65_536, 'more rows at a time are not faster')
    .min(1)
    .default(256)
    .describe('at most so many rows are computed at a time'),
  batchWait: z
    .number()
    .min(0)
    .max(1000, atMost(1000, 'everyone waits so long'))
    .default(0)
    .describe('milliseconds to wait for further rows; 0 = those that have come together'),
  queueRows: whole(10_000_000, 'they are held in memory')
    .min(1)
    .default(16_384)
    .describe('rows that may wait; further requests are answered with 429'),
  queueTexts: whole(100_000, 'each takes a second or more').min(1).default(64).describe('pairs that may wait for the language model'),
  requestRows: whole(1_000_000, 'a request is answered as a whole').min(1).default(4096).describe('rows of one request'),
  cacheTexts: whole(10_000_000, 'they are held in memory')
    .min(1)
    .default(10_000)
    .describe('explanations, and vectors of explanations, that are kept in memory'),
  threads: whole(1024, 'no machine has more cores').min(1).default(1).describe('threads of ONNX Runtime for one batch'),
});

/** Options of a server, none left out. */
export type ServeOptions = z.output<typeof serveOptions>;

/** As {@link ServeOptions}; what is left out has its default. */
export type ServeOptionsInput = z.input<typeof serveOptions>;

/** @throws ServeError `SERVE_OPTION` naming the option */
export function parseServeOptions(input: ServeOptionsInput): ServeOptions {
  const result = serveOptions.safeParse(input);
  const refuse = (where: string, what: string): ServeError => new ServeError('SERVE_OPTION', what, { where, wrongUse: true });
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw refuse(issue.path.join('.') || 'the options', issue.message);
  }
  const { requestRows, queueRows } = result.data;
  if (requestRows > queueRows) {
    throw refuse('requestRows', `a request may have ${requestRows} rows, and ${queueRows} may wait (queueRows)`);
  }
  return result.data;
}
