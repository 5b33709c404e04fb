import { checkOptions, type OptionKeys } from '@expctr/core';
import { contentFreePrompts, renderLcPrompt, type HistoryText, type LcTemplate } from '@expctr/data';
import type { Prompt } from '@expctr/language-model';
import { answerProbability, contentFreeBias, type AnswerLogProbabilities } from './answer-probability.js';
import { RewardError, requireLength } from './errors.js';
import type { ReaderRows } from './reward-rows.js';

/** Scores two answer strings after each prompt: natural log-probabilities, each summed over all tokens of its string. */
export type ScoreAnswers = (
  prompts: readonly Prompt[],
  answers: { readonly yes: string; readonly no: string },
) => Promise<readonly AnswerLogProbabilities[]>;

/** Options of {@link createReader}. */
export interface ReaderOptions {
  /** How the model is asked. */
  readonly template: LcTemplate;
  /** One of the template's forms by its name: `few-shot`, `chat`, `continuation`, or one of your own. */
  readonly form: string;
  /** The frozen base model: {@link modelAnswers} of a language model, or any function of this shape. */
  readonly scoreAnswers: ScoreAnswers;
  /** Whether to subtract the mean log-odds of the template's content-free inputs (Zhao et al. 2021). Default true. */
  readonly calibrate?: boolean;
}

/** A frozen language model that reads an item and an explanation and says how likely the user would choose the item. */
export interface Reader {
  /** Name of the form in which it is asked. */
  readonly form: string;
  /** Log-odds that are subtracted from every answer: its leaning towards yes with nothing to read; 0 without calibration. */
  readonly bias: number;
  /** [rows] p_LC. An empty explanation is read too: then the item alone speaks. */
  readonly read: (rows: ReaderRows) => Promise<Float64Array>;
}

const CREATE_READER_OPTIONS: OptionKeys<ReaderOptions> = { template: true, form: true, scoreAnswers: true, calibrate: true };

/**
 * Makes a reader. Its content-free inputs are scored here, once: the model is frozen, so their mean is a constant, and it stands in
 * `bias`. Nothing else is kept: each call of `read` renders and scores its rows anew, in one call of `scoreAnswers`.
 *
 * @throws {RewardError} `REWARD_OPTION` (calibration without content-free inputs), `READER_NO_ANSWER`, `REWARD_LENGTH_MISMATCH`,
 *   `REWARD_COLUMN_MISSING` (the template repeats the history and the rows have none)
 * @throws {TemplateError} `TEMPLATE_FORM` for a form that the template lacks
 */
export async function createReader(parameters: ReaderOptions): Promise<Reader> {
  checkOptions('createReader', parameters, CREATE_READER_OPTIONS);
  const { template, form, scoreAnswers, calibrate = true } = parameters;
  const score = async (rendered: readonly ReturnType<typeof renderLcPrompt>[]): Promise<readonly AnswerLogProbabilities[]> => {
    const [first] = rendered;
    if (first === undefined) return [];
    const scores = await scoreAnswers(
      rendered.map(({ prompt }) => prompt),
      first.answers,
    );
    requireLength('scoreAnswers', scores, rendered.length);
    return scores;
  };

  const bias = calibrate ? contentFreeBias(await score(contentFreePrompts(template, form))) : 0;
  return {
    form,
    bias,
    read: async (rows) => {
      requireLength('item', rows.item, rows.length);
      requireLength('read', rows.read, rows.length);
      const rendered = rows.read.map((explanation, row) => {
        const item = rows.item[row];
        if (item === undefined) throw new RewardError('REWARD_COLUMN_MISSING', 'the row has no item', { where: `row ${row}` });
        return renderLcPrompt(template, form, { item, explanation, ...historyOf(template, rows, row) });
      });
      const scores = await score(rendered);
      return Float64Array.from(scores, ({ yes, no }) => answerProbability(yes, no, bias));
    },
  };
}

function historyOf(template: LcTemplate, rows: ReaderRows, row: number): { history?: HistoryText } {
  if (!template.withHistory) return {};
  const history = rows.history?.[row];
  if (history !== undefined) return { history };
  throw new RewardError('REWARD_COLUMN_MISSING', `the LC template '${template.name}' repeats the history, and the rows have none`, {
    where: `row ${row}`,
    remedy: "give the rows a column 'history', or use a template with withHistory: false",
  });
}
