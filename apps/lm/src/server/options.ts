import { httpOptions } from '@expctr/app-kit/http';
import { atMost } from '@expctr/core';
import { z } from 'zod';
import { LmError } from '../errors.js';

const whole = (least: number, most: number, why: string): z.ZodInt => z.int().min(least).max(most, atMost(most, why));

/** Everything that a server of a language model can be told. Each is a flag of `expctr-lm serve`, too: `queueTexts` is `--queue-texts`. */
export const lmServeOptions = z.strictObject({
  ...httpOptions,
  port: whole(0, 65_535, 'ports end there').default(8000).describe('port to listen on; 0 takes a free one'),
  modelName: z.string().default('').describe('what requests call the model; empty = as it was given'),
  enableLora: z.boolean().default(false).describe('let requests load and unload adapters from folders that the server sees'),
  maxLoras: whole(1, 100_000, 'they are held in memory').default(32).describe('adapters that may be loaded at a time'),
  defaultTokens: whole(1, 1_000_000_000, 'no context is longer')
    .default(1024)
    .describe('at most so many tokens are written in a chat whose request does not say'),
  batchTexts: whole(1, 65_536, 'more at a time are not faster').default(128).describe('at most so many texts are put into one call'),
  queueTexts: whole(1, 1_000_000, 'they are held in memory')
    .default(1024)
    .describe('texts that may wait; further requests are answered with 429'),
  requestTexts: whole(1, 1_000_000, 'a request is answered as a whole').default(256).describe('texts of one request: prompts times n'),
});

/** Options of a server of a language model, none left out. */
export type LmServeOptions = z.output<typeof lmServeOptions>;

/** As {@link LmServeOptions}; what is left out has its default. */
export type LmServeOptionsInput = z.input<typeof lmServeOptions>;

/** @throws LmError `LM_OPTION` naming the option */
export function parseLmServeOptions(input: LmServeOptionsInput): LmServeOptions {
  const result = lmServeOptions.safeParse(input);
  const refuse = (where: string, what: string): LmError => new LmError('LM_OPTION', what, { where, wrongUse: true });
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw refuse(issue.path.join('.') || 'the options', issue.message);
  }
  const { requestTexts, queueTexts } = result.data;
  if (requestTexts > queueTexts)
    throw refuse('requestTexts', `a request may have ${requestTexts} texts, and ${queueTexts} may wait (queueTexts)`);
  return result.data;
}
