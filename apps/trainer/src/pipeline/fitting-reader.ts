import { fitHistory, renderLcPrompt, type HistoryText, type ItemText, type LcTemplate } from '@expctr/data';
import { createReader, type Reader, type ReaderOptions } from '@expctr/rewards';
import type { Parts } from './parts.js';

/** What is needed to know whether a prompt fits. */
type Context = Pick<Parts, 'policy' | 'tokenizer' | 'items' | 'config' | 'statements'>;

/**
 * A reader whose prompts fit the model's context: where the LC template repeats the history, its oldest entries are left out
 * until prompt and answer have room.
 */
export async function createFittingReader(parts: Context, options: ReaderOptions): Promise<Reader> {
  const reader = await createReader(options);
  if (!options.template.withHistory) return reader;
  return {
    ...reader,
    read: (rows) =>
      reader.read({
        ...rows,
        ...(rows.history
          ? { history: rows.history.map((history, row) => fitted(parts, options, rows.item[row]!, rows.read[row]!, history)) }
          : {}),
      }),
  };
}

function fitted(parts: Context, { template, form }: ReaderOptions, item: ItemText, explanation: string, history: HistoryText): HistoryText {
  return fitHistory(history, (kept) => promptFits(parts, template, form, item, explanation, kept))?.history ?? { liked: [], disliked: [] };
}

/** Why this form cannot be asked of the model, or undefined where it can. */
export function formUnavailable(parts: Context, template: LcTemplate, form: string): string | undefined {
  if (template.forms[form]?.form === 'chat' && !parts.tokenizer.hasChatTemplate) return 'the model has no chat template';
  const title = parts.items.title.reduce((longest, other) => (other.length > longest.length ? other : longest), '');
  const { reasons } = parts.statements;
  const longest = reasons.reduce(
    (text, { inFavor, against }) => [inFavor, against].reduce((a, b) => (b.length > a.length ? b : a), text),
    '',
  );
  const statement = reasons.reduce((a, b) => (b.item.title.length > a.item.title.length ? b : a)).item;
  const candidates = [{ title, attributes: {} }, statement];
  if (candidates.every((item) => promptFits(parts, template, form, item, longest, { liked: [], disliked: [] }))) return undefined;
  return `its prompts do not fit the model's context of ${parts.policy.config.maxPositions} tokens`;
}

function promptFits(
  { policy, tokenizer }: Context,
  template: LcTemplate,
  form: string,
  item: ItemText,
  explanation: string,
  history: HistoryText,
): boolean {
  const { prompt, answers } = renderLcPrompt(template, form, { item, explanation, history });
  const answer = Math.max(...[answers.yes, answers.no].map((text) => tokenizer.encodeText(text).length));
  return tokenizer.encode(prompt).length + answer <= policy.config.maxPositions;
}
