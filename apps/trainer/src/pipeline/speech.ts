import {
  cutItem,
  inWords,
  itemText,
  loadTemplate,
  slottedExplanationTemplate,
  slottedLcTemplate,
  type ExplanationForm,
  type ExplanationTemplate,
  type Items,
  type ItemText,
  type LcTemplate,
  type Words,
} from '@expctr/data';
import type { Tokenizer } from '@expctr/language-model';
import { readerStatements, type ReaderStatements } from '@expctr/rewards';
import type { Language } from '@expctr/testbed';
import { ConfigError } from '../config/errors.js';
import type { Config } from '../config/schema.js';
import { stopTokenIds } from './stop-tokens.js';

/** How the language model is spoken to. */
export interface Speech {
  /** The words of the dataset. */
  readonly words: Words;
  /** The templates in these words. */
  readonly templates: Templates;
  /** Form in which explanations are asked for. */
  readonly form: ExplanationForm;
  /** What the reader check reads. */
  readonly statements: ReaderStatements;
  /** Tokens that end an explanation. */
  readonly stopTokenIds: readonly number[];
}

/** Both templates of a run. */
export interface Templates {
  /** What asks for an explanation. */
  readonly explanation: ExplanationTemplate;
  /** What asks a reader. */
  readonly lc: LcTemplate;
}

/** What is spoken of. */
export interface Subject {
  /** The words in which prompts speak of its items. */
  readonly words: Words;
  /** Its items. */
  readonly items: Items;
}

/**
 * The templates that a configuration names, their slots for words not filled.
 * @param language how the model is spoken to where the configuration names none; null = as any other
 */
export async function loadTemplates({ prompt }: Config, language: Language | null): Promise<Templates> {
  return {
    explanation:
      prompt.explanation === null
        ? (language?.explanation ?? slottedExplanationTemplate)
        : await loadTemplate(prompt.explanation, 'explanation'),
    lc: prompt.lc === null ? (language?.lc ?? slottedLcTemplate) : await loadTemplate(prompt.lc, 'lc'),
  };
}

/** Templates and statements in the words of a dataset. */
export function speechFor(config: Config, tokenizer: Tokenizer, templates: Templates, language: Language | null, subject: Subject): Speech {
  const { words } = subject;
  const explanation = inWords(templates.explanation, words);
  const lc = inWords(templates.lc, words);
  return {
    words,
    templates: { explanation, lc: { ...lc, withHistory: lc.withHistory || config.reader.withHistory } },
    form: explanationForm(config, tokenizer, explanation),
    statements: language?.statements ?? readerStatements({ words, items: someItems(subject, config.prompt.maxTextLength) }),
    stopTokenIds: stopTokenIds(tokenizer, explanation.stop),
  };
}

/** So many items give each pair of statements one of its own. */
const ASKED_ABOUT = 200;

function someItems({ words, items }: Subject, maxTextLength: number): ItemText[] {
  const count = Math.min(ASKED_ABOUT, items.length);
  return Array.from(
    { length: count },
    (_, at) => cutItem(itemText(items, Math.floor((at * items.length) / count), words.units), maxTextLength).item,
  );
}

function explanationForm({ prompt }: Config, tokenizer: Tokenizer, { forms }: ExplanationTemplate): ExplanationForm {
  if (prompt.form === 'chat' && !tokenizer.hasChatTemplate) {
    throw new ConfigError('CONFIG_NO_CHAT', `the tokenizer ${tokenizer.name} has no chat template`, {
      where: 'prompt.form',
      remedy: 'use prompt.form=completion, or a tokenizer_config.json with a chat_template',
    });
  }
  if (prompt.form !== 'auto') return prompt.form;
  return tokenizer.hasChatTemplate && forms.chat !== undefined ? 'chat' : 'completion';
}
