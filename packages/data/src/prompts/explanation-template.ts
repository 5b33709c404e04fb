import { checkOptions, type OptionKeys } from '@expctr/core';
import type { Prompt } from '@expctr/language-model';
import { z } from 'zod';
import { TemplateError } from '../errors.js';
import { emptySlots, formatItem, itemFormatSchema, listFormatSchema, messageSchema, slotted } from './item-format.js';
import { countedFormatSchema } from './counted.js';
import { fitHistory } from './fit-history.js';
import { historySlots } from './history-slots.js';
import { patternListSchema } from './patterns.js';
import { NO_PROFILE, profileFormatSchema } from './profile.js';
import { fill, slotsOf, withoutLines } from './slots.js';
import type { HistoryText, ItemText } from './item-text.js';
import { EXAMPLE_SLOTS, worded } from '../words/in-words.js';

const SLOTS = ['liked', 'disliked', 'target', 'profile', ...EXAMPLE_SLOTS] as const;
const NO_TARGET = 'the slot {target} is missing';

/** Whether a text says what is to be explained. */
const namesTarget = (text: string): boolean => slotsOf(text).includes('target');

const completionForm = z.strictObject({
  /** Slots `{liked}`, `{disliked}`, `{target}`, `{profile}`, and those of {@link inWords}; the explanation follows. */
  text: slotted(SLOTS).refine(namesTarget, NO_TARGET),
  /** Stands for `text` where that does not fit the model's context even without a history: the same without solved examples, say. */
  shortText: slotted(SLOTS).refine(namesTarget, NO_TARGET).optional(),
});

const chatForm = z.strictObject({
  /** Slots `{liked}`, `{disliked}`, `{target}`, `{profile}` in any message. */
  messages: z
    .array(messageSchema(SLOTS))
    .min(1)
    .refine((messages) => messages.some(({ content }) => namesTarget(content)), NO_TARGET),
  /** The start of the answer, which the model goes on with. */
  continuation: slotted(SLOTS).optional(),
});

/** An explanation template: how a language model is asked why a user would or would not choose an item. */
export const explanationTemplateSchema = z
  .strictObject({
    /** Tells it from other templates. */
    kind: z.literal('explanation'),
    /** Version of this format. */
    version: z.literal(1),
    /** A name for messages and logs. */
    name: z.string().min(1),
    /** How an item is written. */
    item: itemFormatSchema,
    /** How `{liked}` and `{disliked}` are written. */
    list: listFormatSchema,
    /** How `{profile}` is written; needed where a form has that slot. */
    profile: profileFormatSchema.optional(),
    /** What a sentence made from counts says, for the control without a language model. Default: plain words. */
    counted: countedFormatSchema.optional(),
    /** At least one of the two forms. */
    forms: z
      .strictObject({
        /** Messages for a model's chat template. */
        chat: chatForm.optional(),
        /** A text that any model can go on with. */
        completion: completionForm.optional(),
      })
      .refine((forms) => forms.chat !== undefined || forms.completion !== undefined, 'neither chat nor completion is there'),
    /** Generation ends where one of these appears. */
    stop: z.array(z.string().min(1)),
    /** What a reader sees of the explanation ends at the first of these; data cannot hold them. A line break always ends it. */
    delimiters: z.array(z.string().min(1)),
    /** Names of fields in the prompt, with their punctuation: removed from the explanation. */
    fieldNames: z.array(z.string().min(1)),
    /** Regular expressions (flags `iu`) of sentences that state the outcome. */
    verdictPatterns: patternListSchema,
    /**
     * Regular expressions (flags `iu`) of sentences that are the model's notes on the way to its reasons (a chain of thought):
     * neither reader nor encoder sees them.
     */
    notePatterns: patternListSchema.optional(),
  })
  .refine(({ forms, profile }) => profile !== undefined || !JSON.stringify(forms).includes('{profile}'), NO_PROFILE);
/** An explanation template, checked. */
export type ExplanationTemplate = z.infer<typeof explanationTemplateSchema>;

/** Which of an explanation template's forms is rendered: the caller knows whether the model has a chat template. */
export type ExplanationForm = 'chat' | 'completion';

/** What an explanation prompt is made of: only what came before the interaction, and never its label. */
export interface ExplanationInput {
  /** Oldest first. */
  readonly liked: readonly ItemText[];
  /** Oldest first. */
  readonly disliked: readonly ItemText[];
  /** The item in question. */
  readonly target: ItemText;
}

/** Options of {@link renderExplanationPrompt}. */
export interface ExplanationPromptOptions {
  /** Default: `completion` where the template has it, else `chat`. */
  readonly form?: ExplanationForm;
  /** Whether a prompt fits the model's context. Assumed to hold for every shorter history once it holds for one. */
  readonly fits?: (prompt: Prompt) => boolean;
}

/** A rendered explanation prompt. */
export interface RenderedExplanationPrompt {
  /** The prompt. */
  readonly prompt: Prompt;
  /** History entries left out so that the prompt fits. */
  readonly dropped: number;
}

const RENDER_EXPLANATION_PROMPT_OPTIONS: OptionKeys<ExplanationPromptOptions> = { form: true, fits: true };

/**
 * Renders the prompt x(u, i). Where it does not fit, oldest history entries are left out, always from the longer of the two
 * lists (from `disliked` where they are equally long), until it does. Where it does not fit without any, and the template has
 * a `shortText`, the same is tried with that. A template whose slots for words are not filled speaks in neutral ones.
 * @throws TemplateError `TEMPLATE_FORM` where the template lacks the form, `PROMPT_TOO_LONG` where even an empty history does not fit.
 */
export function renderExplanationPrompt(
  slotted: ExplanationTemplate,
  input: ExplanationInput,
  options: ExplanationPromptOptions = {},
): RenderedExplanationPrompt {
  checkOptions('renderExplanationPrompt', options, RENDER_EXPLANATION_PROMPT_OPTIONS);
  const template = worded(slotted);
  const { form = template.forms.completion === undefined ? 'chat' : 'completion', fits } = options;
  let last: { readonly history: HistoryText; readonly prompt: Prompt } | undefined; // what fits was rendered to see it
  const render = (history: HistoryText): Prompt => {
    if (last?.history !== history) last = { history, prompt: renderWith(template, form, { ...history, target: input.target }) };
    return last.prompt;
  };
  const fitted = fitHistory(input, (history) => fits === undefined || fits(render(history)));
  if (fitted !== null) return { prompt: render(fitted.history), dropped: fitted.dropped };
  const short = form === 'completion' ? template.forms.completion?.shortText : undefined;
  if (short !== undefined) return renderExplanationPrompt({ ...template, forms: { completion: { text: short } } }, input, options);
  throw new TemplateError('PROMPT_TOO_LONG', `the explanation prompt does not fit the model's context, even without a history`, {
    where: `template '${template.name}', form '${form}'`,
    remedy: 'shorten the template, cut long titles, or use a model with a longer context',
  });
}

function renderWith(template: ExplanationTemplate, form: ExplanationForm, input: ExplanationInput): Prompt {
  const { item, list, forms } = template;
  const delimiters = [...template.delimiters, ...template.fieldNames];
  const values = { ...historySlots(input, template, delimiters), target: formatItem(input.target, item, delimiters) };
  const absent = emptySlots(input, list);
  const written = (text: string): string => fill(withoutLines(text, absent), values);
  if (form === 'completion' && forms.completion !== undefined) return { form, text: written(forms.completion.text) };
  if (form === 'chat' && forms.chat !== undefined) {
    const messages = forms.chat.messages.map(({ role, content }) => ({ role, content: written(content) }));
    const { continuation } = forms.chat;
    return { form, messages, ...(continuation === undefined ? {} : { continuation: written(continuation) }) };
  }
  throw new TemplateError('TEMPLATE_FORM', `the template has no form '${form}'`, {
    where: `template '${template.name}'`,
    expected: `one of its forms: ${Object.keys(forms).join(', ')}`,
  });
}
