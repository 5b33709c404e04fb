import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printable, printableLines } from '@expctr/core';
import { historyOf, renderLcPrompt, rowsOf, type Prompt } from '@expctr/data';
import type { Settings } from '../config/resolve.js';
import { loadPolicy } from '../pipeline/models.js';
import {
  promptWarnings,
  namedWords,
  tooManyUnknown,
  unknownText,
  unknownWords,
  type PromptInputs,
  type UnknownShares,
} from '../pipeline/prompt-check.js';
import { wantedForms } from '../pipeline/reader.js';
import { promptsOf } from '../pipeline/run-prompts.js';
import { countUnknown, promptText } from '../pipeline/unknown-words.js';
import { prepareData, subjectOf } from '../train.js';

/** Stands where the reader will find what the policy wrote. */
const EXPLANATION = '[the explanation]';
const LONGEST_NAME = 60;

/**
 * What a run would ask the language model of `count` test rows, and what it would ask the reader, with counts of tokens. Data and language
 * model are loaded as a run loads them; no run folder is made.
 */
export async function showPrompts(settings: Settings, count: number): Promise<string> {
  const temporary = await mkdtemp(join(tmpdir(), 'expctr-prompts-'));
  const temporaryFolder = (): Promise<string> => mkdtemp(join(temporary, 'made-'));
  try {
    const dataset = await prepareData(settings, temporaryFolder);
    const { config } = settings;
    const { interactions } = dataset;
    const subject = subjectOf(dataset);
    const models = await loadPolicy(settings, temporaryFolder, subject);
    try {
      const prompts = promptsOf(config, models, subject, interactions);
      const inputs = { config, models, subject, interactions, prompts };
      const rows = spread(rowsOf(interactions, 'test'), count);
      return [...summary(inputs, rows.length), ...rows.flatMap((row) => ['', ...shownRow(inputs, models.form, row)])]
        .map(printableLines)
        .join('\n');
    } finally {
      await models.policy.dispose();
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** So many of the rows, evenly spread over them, and with them over the users. */
function spread(rows: Uint32Array, count: number): number[] {
  const shown = Math.min(count, rows.length);
  return Array.from({ length: shown }, (_, at) => rows[Math.floor((at * rows.length) / shown)]!);
}

function summary(inputs: PromptInputs, shown: number): string[] {
  const { config, subject, interactions } = inputs;
  const { words, items } = subject;
  const shares = unknownWords(inputs);
  return [
    `${config.dataset}: ${interactions.length} rows, ${items.length} ${words.plural}; prompts of ${shown} test rows`,
    `words: ${words.noun}, ${words.plural}; ${words.choose}; ${words.liked}, ${words.disliked}; worked examples: ${EXAMPLES[words.examplesFrom]}`,
    `language model ${config.llm.model}: ${unknownText(shares)}`,
    ...refusal(inputs, shares),
    ...promptWarnings(inputs).map(({ message }) => `warning: ${message}`),
  ];
}

const EXAMPLES = { domain: 'made for such items', neutral: 'about nothing in particular', own: 'from train rows' } as const;

function refusal({ config }: PromptInputs, shares: UnknownShares): string[] {
  if (!tooManyUnknown(shares, config)) return [];
  const words = shares.items.words.length > 0 ? shares.items : shares.prompts;
  return [`a run would be refused: that is more than prompt.maxUnknown=${config.prompt.maxUnknown}; unknown are ${namedWords(words)}`];
}

function shownRow(inputs: PromptInputs, form: string, row: number): string[] {
  const { config, models, subject, interactions, prompts } = inputs;
  const id = (ids: readonly string[], code: number): string => `"${printable(ids[code] ?? '', LONGEST_NAME)}"`;
  const item = id(subject.items.itemIds, interactions.item[row]!);
  const user = id(interactions.userIds, interactions.user[row]!);
  const lc = models.templates.lc;
  const dropped = prompts.dropped(row);
  const entries = historyOf(interactions, row).length;
  const left = dropped === 0 ? '' : `, the oldest ${dropped} of ${entries} history entries left out`;
  return [
    `=== row ${row}: item ${item}, user ${user}`,
    `--- explanation, ${form}: ${counts(inputs, prompts.prompt(row))} (at most ${config.llm.maxPromptTokens})${left}`,
    textOf(prompts.prompt(row)),
    ...wantedForms(config, lc).flatMap((name) => {
      if (lc.forms[name]?.form === 'chat' && !models.policy.tokenizer.hasChatTemplate) {
        return [`--- reader, ${name}: skipped, for the model has no chat template`];
      }
      const { prompt, answers } = renderLcPrompt(lc, name, {
        item: prompts.item(row),
        explanation: EXPLANATION,
        history: prompts.history(row),
      });
      return [
        `--- reader, ${name}: ${counts(inputs, prompt)}, answers ${JSON.stringify(answers.yes)} and ${JSON.stringify(answers.no)}`,
        textOf(prompt),
      ];
    }),
  ];
}

function counts({ models: { policy } }: PromptInputs, prompt: Prompt): string {
  const { share, unknown } = countUnknown([promptText(prompt)], policy.tokenizer);
  return `${policy.tokenizer.encode(prompt).length} tokens, ${unknown} unknown (${(100 * share).toFixed(1)} %)`;
}

/** A chat with who speaks; its markup is the model's own. */
function textOf(prompt: Prompt): string {
  if (prompt.form === 'completion') return prompt.text;
  const messages = prompt.messages.map(({ role, content }) => `[${role}]\n${content}`);
  return [...messages, ...(prompt.continuation === undefined ? [] : [`[assistant begins]\n${prompt.continuation}`])].join('\n');
}
