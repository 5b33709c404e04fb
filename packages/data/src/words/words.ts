import { z } from 'zod';
import { DataError } from '../errors.js';

/** A word or a few, as they stand in the middle of a sentence; braces would be read as slots. */
export const wordSchema = z
  .string()
  .trim()
  .min(1)
  .max(40)
  .regex(/^[^{}\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u, 'Expected a word or a few, without braces and control characters');

/** An item as a worked example has it: as in a prompt. */
export const exampleItemSchema = z.strictObject({
  /** Its title. */
  title: z.string(),
  /** Multi-valued attributes by name. */
  attributes: z.record(z.string(), z.array(z.string())),
  /** Numbers by name, as they are written, with their unit. */
  numbers: z.record(z.string(), z.string()).optional(),
});

/** An item that is read together with reasons, and the answer that these reasons speak for. */
export const readingExampleSchema = exampleItemSchema.extend({
  /** Reasons of the kind that a policy writes. */
  explanation: z.string().min(1),
  /** What they speak for. */
  answer: z.enum(['yes', 'no']),
});

/** Worked examples, for prompts that show what is asked for. */
export const examplesSchema = z.strictObject({
  /** A history, an item, and its analysis: one reason for it and one against, so that the example leans to neither side. */
  explanation: z.strictObject({
    /** Items of the history that the user liked, oldest first. */
    liked: z.array(exampleItemSchema),
    /** Items that the user disliked, oldest first. */
    disliked: z.array(exampleItemSchema),
    /** The item in question. */
    target: exampleItemSchema,
    /** The reasons. */
    analysis: z.string().min(1),
  }),
  /** As many that speak for an item as against one. */
  reading: z.array(readingExampleSchema).min(2),
});
/** Worked examples. */
export type Examples = z.infer<typeof examplesSchema>;

/** The words in which prompts speak of a dataset's items and of what users did with them. They are kept in its `card.json`. */
export const wordsSchema = z.strictObject({
  /** Name and version of this form. */
  schema: z.literal('words/1'),
  /** What the items are, as a name for programs: `movies`, `books`, `products`, `places`, `items`; `own` where options gave the words. */
  domain: z.string().min(1),
  /** One of the items: `movie`. */
  noun: wordSchema,
  /** Several: `movies`. */
  plural: wordSchema,
  /** What an explanation gives reasons for: users `choose` a movie, `read` a book. */
  choose: wordSchema,
  /** What label 1 says, in the present: `like`, `buy`. */
  like: wordSchema,
  /** What label 0 says: `dislike`, `not buy`. */
  dislike: wordSchema,
  /** `like` in the past: `liked`, `bought`. */
  liked: wordSchema,
  /** `dislike` in the past: `disliked`, `did not buy`. */
  disliked: wordSchema,
  /** Units of numbers by name: `EUR` stands behind the number, `US$ {value}` around it. */
  units: z.record(z.string(), z.string().min(1).max(40)),
  /** Where the worked examples come from: written for the domain, for no domain in particular, or drawn from train rows. */
  examplesFrom: z.enum(['domain', 'neutral', 'own']),
  /** The worked examples. */
  examples: examplesSchema,
});
/** The words of a dataset, complete. */
export type Words = z.infer<typeof wordsSchema>;

/** What a source says of its items; what it leaves out is neutral. */
export interface Domain
  extends Pick<Words, 'noun' | 'plural'>, Partial<Pick<Words, 'choose' | 'like' | 'dislike' | 'liked' | 'disliked' | 'units'>> {
  /** A name for programs: `movies`. */
  readonly name: string;
  /** Worked examples. Default: they are drawn from train rows. */
  readonly examples?: Examples;
}

/** Checks words that were read from a file. @throws DataError `DATA_WORDS` with the path of the first wrong value. */
export function parseWords(value: unknown, where: string): Words {
  const result = wordsSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new DataError('DATA_WORDS', `these are not the words of a dataset: ${issue?.message ?? 'wrong'}`, {
    where: [where, 'words', ...(issue?.path ?? [])].map(String).join('.'),
    expected: 'the object that preparation writes, words/1',
    remedy: 'prepare the dataset again',
  });
}
