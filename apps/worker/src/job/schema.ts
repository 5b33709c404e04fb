import { atMost } from '@expctr/core';
import { z } from 'zod';

/** What stands in `format` of a job file. */
export const JOB_FORMAT = 'expctr-job/1';

const path = z.string().min(1);
const ROWS_WHY = 'row numbers are kept in 32 bits';
const rowNumber = z.int().min(0).max(0xffffffff, atMost(0xffffffff, ROWS_WHY));

/** Sections of a run's configuration that say something of this work. What stands in them is the configuration's to check. */
export const settingsSchema = z.strictObject({
  llm: z.record(z.string(), z.unknown()).optional(),
  prompt: z.record(z.string(), z.unknown()).optional(),
  reader: z.record(z.string(), z.unknown()).optional(),
  encoder: z.record(z.string(), z.unknown()).optional(),
  seed: z.unknown().optional(),
  threads: z.unknown().optional(),
});

const common = {
  /** For editors. */
  $schema: z.string().optional(),
  format: z.literal(JOB_FORMAT),
  out: path.optional().describe('folder for plan and results; default: the name of the job file without its ending'),
  rows: z.tuple([rowNumber, rowNumber]).optional().describe('[from, to): which rows, to not included; default all'),
  chunkRows: z
    .int()
    .min(1)
    .max(16_777_216, atMost(16_777_216, 'a chunk is in memory at once'))
    .optional()
    .describe('rows in a chunk: what is lost when a worker dies'),
  config: path.optional().describe("a run's config.json: where model and settings come from that the job does not name"),
  model: path.optional().describe('folder, file or hub id of the model; default: that of config'),
  settings: settingsSchema
    .prefault({})
    .describe("options in the words of a run's configuration: llm, prompt, reader, encoder, seed, threads"),
};

const dataset = path.describe('folder of a prepared dataset: interactions.arrow, items.arrow, users.arrow, card.json');

/** A job: what is to be done with which rows. */
export const jobSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('explain'),
    inputs: z.strictObject({ data: dataset }),
    adapter: path.nullable().default(null).describe("folder of the policy's adapter in PEFT's format; null = the base model"),
    stage: z.string().min(1).default('worker').describe('what the column stage says of the explanations'),
    iteration: z.int().min(0).max(65_535, atMost(65_535, 'the column has 16 bits')).default(0).describe('what the column iteration says'),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('read'),
    inputs: z.strictObject({ data: dataset, explanations: path.describe('explanations/1') }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('encode'),
    inputs: z.strictObject({ texts: path.describe('an Arrow table with a column of texts and, if it likes, interaction_id') }),
    column: z.string().min(1).default('read').describe('the column of texts'),
  }),
]);
