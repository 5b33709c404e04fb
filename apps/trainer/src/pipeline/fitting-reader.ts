import { fitHistory, renderLcPrompt, type HistoryText, type ItemText, type LcTemplate } from '@expctr/data';
import { createReader, type Reader, type ReaderOptions } from '@expctr/rewards';
import { rowsOfLongestItems } from './item-lengths.js';
import type { Models } from './models.js';
import type { Pipeline } from './pipeline.js';

/** The model that is asked. */
export interface AskedModel {
  /** Its part of a run's models. */
  readonly models: Pick<Models, 'policy'>;
}

/** Items that are tried for length. */
const LONGEST = 5;

/**
 * A reader whose prompts fit the model's context: where the LC template repeats the history, its oldest entries are left out
 * until prompt and answer have room.
 */
export async function createFittingReader(pipeline: AskedModel, options: ReaderOptions): Promise<Reader> {
  const reader = await createReader(options);
  if (!options.template.withHistory) return reader;
  return {
    ...reader,
    read: (rows) =>
      reader.read({
        ...rows,
        ...(rows.history
          ? { history: rows.history.map((history, row) => fitted(pipeline, options, rows.item[row]!, rows.read[row]!, history)) }
          : {}),
      }),
  };
}

function fitted(
  pipeline: AskedModel,
  { template, form }: ReaderOptions,
  item: ItemText,
  explanation: string,
  history: HistoryText,
): HistoryText {
  return (
    fitHistory(history, (kept) => promptFits(pipeline, template, form, item, explanation, kept))?.history ?? { liked: [], disliked: [] }
  );
}

/** Why this form cannot be asked of the model, or undefined where it can. */
export function formUnavailable(pipeline: Pipeline, template: LcTemplate, form: string): string | undefined {
  if (template.forms[form]?.form === 'chat' && !pipeline.models.policy.tokenizer.hasChatTemplate) return 'the model has no chat template';
  const { interactions, prompts } = pipeline.data;
  const items = rowsOfLongestItems(interactions, (row) => prompts.item(row), LONGEST).map((row) => prompts.item(row));
  const { reasons } = pipeline.models.statements;
  const longest = reasons.reduce(
    (text, { inFavor, against }) => [inFavor, against].reduce((a, b) => (b.length > a.length ? b : a), text),
    '',
  );
  const statement = reasons.reduce((a, b) => (b.item.title.length > a.item.title.length ? b : a)).item;
  const candidates = [...items, statement];
  if (candidates.every((item) => promptFits(pipeline, template, form, item, longest, { liked: [], disliked: [] }))) return undefined;
  return `its prompts do not fit the model's context of ${pipeline.models.policy.maxPositions} tokens`;
}

function promptFits(
  { models: { policy } }: AskedModel,
  template: LcTemplate,
  form: string,
  item: ItemText,
  explanation: string,
  history: HistoryText,
): boolean {
  const { prompt, answers } = renderLcPrompt(template, form, { item, explanation, history });
  const { tokenizer } = policy;
  const answer = Math.max(...[answers.yes, answers.no].map((text) => tokenizer.encodeText(text).length));
  return tokenizer.encode(prompt).length + answer <= policy.maxPositions;
}
