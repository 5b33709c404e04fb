import type { Prompt } from '@expctr/language-model';
import { z } from 'zod';
import { TemplateError } from '../errors.js';
import { dataText } from './data-text.js';
import { historySlots } from './history-slots.js';
import { emptySlots, formatItem, itemFormatSchema, listFormatSchema, messageSchema, slotted } from './item-format.js';
import { patternListSchema } from './patterns.js';
import { NO_PROFILE, profileFormatSchema } from './profile.js';
import { fill, withoutLines } from './slots.js';
import type { HistoryText, ItemText } from './item-text.js';
import { worded } from '../words/in-words.js';
import { readingExampleSchema } from '../words/words.js';

const SLOTS = ['item', 'explanation', 'history', 'examples'] as const;
const REQUIRED = ['item', 'explanation'] as const;

const shared = {
  /** The two answers whose probabilities are compared, each with the white space that stands before it. */
  answers: z
    .strictObject({
      /** The answer that means label 1. */
      yes: z.string().min(1),
      /** The answer that means label 0. */
      no: z.string().min(1),
    })
    .refine(({ yes, no }) => yes.trim() !== no.trim(), 'yes and no are the same'),
  /** The question as the text asks it: removed from explanations, with an answer behind it. */
  question: z.string().min(1),
  /** Names of fields in the text, with their punctuation: removed from explanations. */
  fieldNames: z.array(z.string().min(1)),
  /** What the reader sees of an explanation ends at the first of these; data cannot hold them. A line break always ends it. */
  delimiters: z.array(z.string().min(1)),
  /** Solved examples, for the slot `{examples}`. */
  examples: z
    .strictObject({
      /** One example; slots `{item}`, `{explanation}`, `{answer}`. */
      text: slotted(['item', 'explanation', 'answer'], ['item', 'explanation', 'answer']),
      /** The examples, in their order. Default: those of the dataset's words. */
      rows: z.array(readingExampleSchema).optional(),
    })
    .optional(),
};

const completionForm = z.strictObject({
  /** A text that the model goes on with. */
  form: z.literal('completion'),
  /** The text; slots `{item}`, `{explanation}`, `{history}`, `{examples}`. */
  text: slotted(SLOTS, REQUIRED),
  ...shared,
});

const chatForm = z.strictObject({
  /** Messages for a chat template. */
  form: z.literal('chat'),
  /** The messages; slots as in a completion. */
  messages: z
    .array(messageSchema(SLOTS))
    .min(1)
    .superRefine((messages, context) => {
      for (const slot of REQUIRED) {
        if (!messages.some(({ content }) => content.includes(`{${slot}}`)))
          context.addIssue({ code: 'custom', message: `the slot {${slot}} is missing` });
      }
    }),
  /** The start of the answer, which the reader goes on with. */
  continuation: z.string().optional(),
  ...shared,
});

/** An LC template: how the frozen base model is asked, from an item and an explanation, whether the user would choose it. */
export const lcTemplateSchema = z
  .strictObject({
    /** Tells it from other templates. */
    kind: z.literal('lc'),
    /** Version of this format. */
    version: z.literal(1),
    /** A name for messages and logs. */
    name: z.string().min(1),
    /** How an item is written. */
    item: itemFormatSchema,
    /** How `{liked}` and `{disliked}` are written. */
    list: listFormatSchema,
    /** Whether the slot `{history}` is filled; else it is empty, and the explanation has to carry what the reader needs. */
    withHistory: z.boolean(),
    /** Stands for `{history}` where it is filled; slots `{liked}`, `{disliked}` and `{profile}`. */
    history: slotted(['liked', 'disliked', 'profile']),
    /** How `{profile}` is written; needed where `history` has that slot. */
    profile: profileFormatSchema.optional(),
    /** The forms by name; `auto` tries them in this order. */
    forms: z
      .record(z.string().min(1), z.discriminatedUnion('form', [completionForm, chatForm]))
      .refine((forms) => Object.keys(forms).length > 0, 'there is no form'),
    /** Regular expressions (flags `iu`) of sentences that state the outcome. */
    verdictPatterns: patternListSchema,
    /** Inputs without content, for contextual calibration: their mean log-odds are the reader's bias. */
    contentFree: z.array(
      z.strictObject({
        /** Stands for the item's title. */
        title: z.string(),
        /** Stands for the explanation. */
        explanation: z.string(),
      }),
    ),
  })
  .refine(({ history, profile }) => profile !== undefined || !history.includes('{profile}'), NO_PROFILE);
/** An LC template, checked. */
export type LcTemplate = z.infer<typeof lcTemplateSchema>;
/** One form of an LC template. */
export type LcForm = LcTemplate['forms'][string];

/** What an LC prompt is made of. */
export interface LcInput {
  /** The item in question. */
  readonly item: ItemText;
  /** As the reader may see it ({@link readableText}). */
  readonly explanation: string;
  /** Needed where the template says `withHistory`; ignored elsewhere. */
  readonly history?: HistoryText;
}

/** The two answers of an LC prompt. */
export interface LcAnswers {
  /** Means label 1; with the white space that stands before it. */
  readonly yes: string;
  /** Means label 0; with the white space that stands before it. */
  readonly no: string;
}

/** A rendered LC prompt and the two answers to score after it. */
export interface RenderedLcPrompt {
  /** The prompt. */
  readonly prompt: Prompt;
  /** What is scored behind it. */
  readonly answers: LcAnswers;
}

/**
 * Renders an LC prompt. The explanation is data: line breaks become spaces, quotes apostrophes, delimiters are broken. A template whose
 * slots for words are not filled speaks in neutral ones.
 * @throws TemplateError `TEMPLATE_FORM` where the template lacks the form, `TEMPLATE_HISTORY` where it wants a history that is not given.
 */
export function renderLcPrompt(slotted: LcTemplate, form: string, input: LcInput): RenderedLcPrompt {
  const template = worded(slotted);
  const chosen = lcForm(template, form);
  const { answers } = chosen;
  const delimiters = guarded(chosen);
  const values = {
    item: formatItem(input.item, template.item, delimiters),
    explanation: dataText(input.explanation, delimiters),
    history: historyText(template, input, delimiters),
    examples: examplesText(template, chosen, delimiters),
  };
  if (chosen.form === 'completion') return { prompt: { form: 'completion', text: fill(chosen.text, values) }, answers };
  const messages = chosen.messages.map(({ role, content }) => ({ role, content: fill(content, values) }));
  const { continuation } = chosen;
  return { prompt: { form: 'chat', messages, ...(continuation === undefined ? {} : { continuation }) }, answers };
}

/** The prompts of the template's content-free inputs. */
export function contentFreePrompts(template: LcTemplate, form: string): RenderedLcPrompt[] {
  return template.contentFree.map(({ title, explanation }) =>
    renderLcPrompt(template, form, { item: { title, attributes: {} }, explanation, history: { liked: [], disliked: [] } }),
  );
}

/** A form by its name. @throws TemplateError `TEMPLATE_FORM`. */
export function lcForm(template: LcTemplate, form: string): LcForm {
  const chosen = Object.hasOwn(template.forms, form) ? template.forms[form] : undefined;
  if (chosen === undefined) {
    throw new TemplateError('TEMPLATE_FORM', `the template has no form '${form}'`, {
      where: `template '${template.name}'`,
      expected: `one of its forms: ${Object.keys(template.forms).join(', ')}`,
    });
  }
  return chosen;
}

function historyText(template: LcTemplate, { history }: LcInput, delimiters: readonly string[]): string {
  if (!template.withHistory) return '';
  if (history === undefined) {
    throw new TemplateError('TEMPLATE_HISTORY', 'the template shows the history, and none was given', {
      where: `template '${template.name}'`,
    });
  }
  const shown = withoutLines(template.history, emptySlots(history, template.list));
  return fill(shown, historySlots(history, template, delimiters));
}

/** What data must not hold: the delimiters, and whatever else reads like a part of the template. */
function guarded({ delimiters, fieldNames, question }: LcForm): string[] {
  return [...delimiters, ...fieldNames, question];
}

function examplesText(template: LcTemplate, { examples, answers }: LcForm, delimiters: readonly string[]): string {
  if (examples === undefined) return '';
  return (examples.rows ?? [])
    .map(({ explanation, answer, ...item }) =>
      fill(examples.text, {
        item: formatItem(item, template.item, delimiters),
        explanation: dataText(explanation, delimiters),
        answer: answers[answer],
      }),
    )
    .join('');
}
