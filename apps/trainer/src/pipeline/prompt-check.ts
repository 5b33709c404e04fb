import { printable } from '@expctr/core';
import { cutItem, formatItem, historyOf, itemText, renderLcPrompt, type DataWarning, type Interactions } from '@expctr/data';
import { ConfigError } from '../config/errors.js';
import type { Config } from '../config/schema.js';
import { rowsOfLongestItems } from './item-lengths.js';
import type { Models } from './models.js';
import type { PromptBook } from './prompt-book.js';
import type { Subject } from './speech.js';
import { countUnknown, promptText, type UnknownWords } from './unknown-words.js';

/** Prompts that are looked at before a run: enough to know a share, spread evenly over the rows. */
const SAMPLED = 200;
/** Items whose prompts are made before a run, to see that they fit: the longest. */
const LONGEST = 10;
/** Items and words that a message names. */
const NAMED = 5;
const LONGEST_NAME = 40;

/** What prompts are made of, before there is a run. */
export interface PromptInputs {
  readonly config: Config;
  readonly models: Pick<Models, 'policy' | 'templates' | 'words'>;
  readonly subject: Subject;
  readonly interactions: Interactions;
  readonly prompts: PromptBook;
}

/**
 * Checks that the language model can read the prompts of these data: that they fit, and that it has the words.
 * @returns what is to be said of prompts that fit badly
 * @throws TemplateError `PROMPT_TOO_LONG` naming the item, ConfigError `CONFIG_UNKNOWN_WORDS`
 */
export function checkPrompts(inputs: PromptInputs): DataWarning[] {
  const { interactions, prompts } = inputs;
  for (const row of rowsOfLongestItems(interactions, (at) => prompts.item(at), LONGEST)) {
    prompts.tokens(row);
  }
  requireKnownWords(inputs, unknownWords(inputs));
  return promptWarnings(inputs);
}

/** What is to be said of texts that are cut, and of histories that find no room. */
export function promptWarnings(inputs: PromptInputs): DataWarning[] {
  return [...cutWarnings(inputs), ...historyWarnings(inputs)];
}

/** A warning where prompts have room for less than half of their histories. */
function historyWarnings({ config, interactions, prompts }: PromptInputs): DataWarning[] {
  const rows = sampledRows(interactions).filter((row) => historyOf(interactions, row).length > 0);
  const entries = rows.reduce((sum, row) => sum + historyOf(interactions, row).length, 0);
  const dropped = rows.reduce((sum, row) => sum + prompts.dropped(row), 0);
  const without = rows.filter((row) => prompts.dropped(row) === historyOf(interactions, row).length).length;
  if (2 * dropped <= entries) return [];
  const message = `sampled prompts have room for ${entries - dropped} of ${entries} history entries (llm.maxPromptTokens=${config.llm.maxPromptTokens}), and ${without} of ${rows.length} for none: raise llm.maxPromptTokens, lower prompt.maxTextLength or data.history.length, or name fewer columns`;
  return [{ code: 'PROMPT_HISTORY_CUT', message }];
}

function sampledRows({ length }: Interactions): number[] {
  const count = Math.min(SAMPLED, length);
  return Array.from({ length: count }, (_, at) => Math.floor((at * length) / count));
}

/** What the language model does not know of a sample of prompts, and of the items that they show. */
export interface UnknownShares {
  /** In both prompts of each row, whole. */
  readonly prompts: UnknownWords;
  /** In the items alone: solved examples and questions would hide that nothing of them is known. */
  readonly items: UnknownWords;
}

/** Measured on the same rows at every call. */
export function unknownWords({ models, interactions, prompts }: PromptInputs): UnknownShares {
  const { policy, templates } = models;
  const rows = sampledRows(interactions);
  const [form] = Object.keys(templates.lc.forms);
  const texts = rows.flatMap((row) => {
    const read = renderLcPrompt(templates.lc, form!, { item: prompts.item(row), explanation: '', history: prompts.history(row) });
    return [promptText(prompts.prompt(row)), promptText(read.prompt)];
  });
  const items = rows.flatMap((row) => [formatItem(prompts.item(row), templates.explanation.item, [])]);
  return { prompts: countUnknown(texts, policy.tokenizer), items: countUnknown(items, policy.tokenizer) };
}

/** Whether a run with these prompts is refused. */
export function tooManyUnknown({ prompts, items }: UnknownShares, { prompt }: Config): boolean {
  return Math.max(prompts.share, items.share) > prompt.maxUnknown;
}

function requireKnownWords({ config }: PromptInputs, shares: UnknownShares): void {
  if (!tooManyUnknown(shares, config)) return;
  const worse = shares.items.share >= shares.prompts.share ? shares.items : shares.prompts;
  throw new ConfigError('CONFIG_UNKNOWN_WORDS', `the language model does not know the words of these data: ${unknownText(shares)}`, {
    where: `llm.model=${config.llm.model}`,
    expected: `at most ${percent(config.prompt.maxUnknown)} unknown tokens (prompt.maxUnknown) in prompts and in the items they show; unknown words, the most frequent first: ${namedWords(worse)}`,
    remedy: `take a language model with a general vocabulary${config.llm.model === 'testbed' ? ' (--llm; the model testbed knows nothing but the words of the dataset testbed)' : ' (--llm)'}, show it other columns, or look at the prompts with --show-prompts 3`,
  });
}

/** The shares in words. */
export function unknownText({ prompts, items }: UnknownShares): string {
  return `${percent(prompts.share)} of the tokens of sampled prompts and ${percent(items.share)} of those of the items are unknown`;
}

/** The most frequent unknown words. */
export function namedWords({ words }: UnknownWords): string {
  const shown = words.slice(0, 2 * NAMED).map(({ word }) => `"${printable(word, LONGEST_NAME)}"`);
  return words.length > shown.length ? `${shown.join(', ')} and ${words.length - shown.length} more` : shown.join(', ');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A warning where prompts show texts of items in part only. */
function cutWarnings({ subject: { items, words }, config }: PromptInputs): DataWarning[] {
  const { maxTextLength } = config.prompt;
  const cut = Array.from({ length: items.length }, (_, item) => ({
    id: items.itemIds[item]!,
    texts: cutItem(itemText(items, item, words.units), maxTextLength).cut,
  })).filter(({ texts }) => texts.length > 0);
  if (cut.length === 0) return [];
  const named = cut
    .slice(0, NAMED)
    .map(({ id, texts }) => `"${printable(id, LONGEST_NAME)}" (${printable(texts.join(', '), LONGEST_NAME)})`);
  const more = cut.length > named.length ? ` and ${cut.length - named.length} more` : '';
  const message = `texts of ${cut.length} of ${items.length} items are longer than prompt.maxTextLength=${maxTextLength} characters, and prompts show their beginnings: ${named.join(', ')}${more}`;
  return [{ code: 'PROMPT_TEXT_CUT', message }];
}
