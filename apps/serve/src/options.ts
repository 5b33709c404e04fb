import { atMost } from '@expctr/core';
import { z } from 'zod';
import { ServeError } from './errors.js';

const whole = (most: number, why: string): z.ZodInt => z.int().max(most, atMost(most, why));
const seconds = (why: string): z.ZodNumber => z.number().positive().max(86_400, atMost(86_400, why));

/** Everything that a server can be told besides what it serves. Each is a flag of `expctr-serve`, too: `batchRows` is `--batch-rows`. */
export const serveOptions = z.strictObject({
  predictor: z.string().default('expctr-aug').describe('which model of the run predicts: expctr-aug, id-history'),
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on; 0.0.0.0 is every one of the machine'),
  port: whole(65_535, 'ports end there').min(0).default(8080).describe('port to listen on; 0 takes a free one'),
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
  bodyBytes: whole(1_073_741_824, 'a body is held in memory').min(1).default(4_194_304).describe('bytes of the body of a request'),
  connections: whole(1_000_000, 'each is an open file').min(1).default(1024).describe('connections at a time; further ones are closed'),
  headerSeconds: seconds('no client takes longer').default(10).describe('a request has to send its headers within so many seconds'),
  bodySeconds: seconds('no client takes longer').default(30).describe('a request has to be complete within so many seconds'),
  idleSeconds: seconds('no client takes longer').default(60).describe('a connection without a request is closed after so many seconds'),
  graceSeconds: seconds('nobody waits longer for a stop').default(30).describe('a stop waits so long for requests under way'),
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
