import { z } from 'zod';
import { wordSchema } from './words.js';

/** `data.words`: how prompts speak of the items, where the dataset does not say it or says it otherwise. */
export const wordOptions = z.strictObject({
  /** One of the items. */
  noun: wordSchema
    .nullable()
    .default(null)
    .describe("What an item is called in prompts: lamp, song; null = as the dataset has it, else 'item'."),
  /** Several. */
  plural: wordSchema.nullable().default(null).describe('Several of them; null = by the rules of English.'),
  /** What users do with them. */
  verb: wordSchema
    .nullable()
    .default(null)
    .describe('What users do with it: buy, listen to; null = as the dataset has it. Where rows are clicks, label 1 is called so.'),
  /** The same in the past. */
  past: wordSchema.nullable().default(null).describe('The verb in the past: bought, listened to. Needed with data.words.verb.'),
  /** Units of the items' numbers. */
  units: z
    .record(z.string(), z.string().min(1).max(40))
    .default({})
    .describe('Units of numbers by name: {"price": "EUR", "weight": "kg"}; {value} stands for the number where the unit is not behind it.'),
  /** Where worked examples come from. */
  examples: z
    .literal(['auto', 'built-in', 'own'])
    .default('auto')
    .describe(
      'Worked examples in prompts: built-in, or drawn from train rows (own); auto = own where the dataset brings none for its kind of items.',
    ),
});
/** Options of the words. */
export type WordOptions = z.output<typeof wordOptions>;
