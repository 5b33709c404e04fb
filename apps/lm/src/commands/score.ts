import { rowsOf, parseExample, type SftRow } from '@expctr/llm-lora/sft';
import { LmError } from '../errors.js';
import { loadModel, type LoadedModel, type ModelFlags } from '../load.js';
import { promptTokens, type PromptForm } from '../rows/prompt-of.js';
import { readRows, type InputRow } from '../rows/read-rows.js';
import { writeRows, type Output } from '../rows/write-rows.js';

/** Flags of `expctr-lm score`. */
export interface ScoreFlags extends ModelFlags, PromptForm {
  readonly input: string;
  readonly output?: string;
}

/** Rows that are scored between two looks at the signal. */
const PART = 64;

/** `expctr-lm score`: log-probabilities of what rows say follows, or of the answers that they name. */
export async function scoreCommand(model: string, flags: ScoreFlags, signal: AbortSignal): Promise<void> {
  const rows = await readRows(flags.input);
  const asksAnswers = 'answers' in rows[0]!.fields;
  const other = rows.find(({ fields }) => 'answers' in fields !== asksAnswers);
  if (other !== undefined) {
    throw new LmError('LM_INPUT', asksAnswers ? 'it names no answers' : 'it names answers', {
      where: other.where,
      expected: 'all rows of one form',
      remedy: 'give rows with answers and rows with completions in files of their own',
    });
  }
  const loaded = await loadModel(model, flags);
  try {
    const output = asksAnswers ? await answers(loaded, rows, flags, signal) : await completions(loaded, rows, signal);
    await writeRows(flags.output, 'lm-scores/1', output);
  } finally {
    await loaded.policy.dispose();
  }
}

async function completions({ policy, adapter, progress }: LoadedModel, rows: readonly InputRow[], signal: AbortSignal): Promise<Output> {
  const settings = { learn: 'responses', maxTokens: 0, tooLong: 'refuse' } as const;
  const all: { row: number; tokens: SftRow }[] = rows.flatMap(({ fields, where }, row) =>
    rowsOf([parseExample(fields, where)], policy.tokenizer, settings, policy.maxPositions, where).rows.map((tokens) => ({ row, tokens })),
  );
  const task = progress.begin('scoring', all.length, 'rows');
  const logProbs: number[][] = [];
  for (let at = 0; at < all.length; at += PART) {
    signal.throwIfAborted();
    const part = all.slice(at, at + PART).map(({ tokens }) => tokens);
    const batch = { prompts: part.map(({ prompt }) => prompt), responses: part.map(({ response }) => response) };
    const scored = await policy.logProbabilities(batch, adapter);
    // what stands between the assistant's turns was given, not said
    part.forEach(({ weights }, index) => logProbs.push([...scored[index]!].filter((_, token) => weights[token] === 1)));
    task.update(Math.min(all.length, at + PART));
  }
  task.done();
  return {
    row: { kind: 'count', values: all.map(({ row }) => row) },
    log_prob: { kind: 'number', values: logProbs.map(sum) },
    log_probs: { kind: 'numbers', values: logProbs },
    tokens: {
      kind: 'counts',
      values: all.map(({ tokens: { response, weights } }) => [...response].filter((_, token) => weights[token] === 1)),
    },
  };
}

async function answers(
  { policy, adapter, progress }: LoadedModel,
  rows: readonly InputRow[],
  flags: ScoreFlags,
  signal: AbortSignal,
): Promise<Output> {
  const { tokenizer } = policy;
  const texts = rows.map(answersOf);
  const prompts = rows.map((row) => promptTokens(row, tokenizer, flags));
  const task = progress.begin('scoring', rows.length, 'rows');
  const scores = await policy.scoreAnswers(
    prompts,
    texts.map((each) => each.map((text) => tokenizer.encodeText(text))),
    {
      adapter,
      onProgress(done) {
        signal.throwIfAborted();
        task.update(done);
      },
    },
  );
  task.done();
  return {
    row: { kind: 'count', values: rows.map((_, row) => row) },
    answers: { kind: 'texts', values: texts },
    log_probs: { kind: 'numbers', values: scores.map((each) => [...each]) },
    probabilities: { kind: 'numbers', values: scores.map((each) => softmax([...each])) },
  };
}

function answersOf({ fields: { answers: value }, where }: InputRow): string[] {
  if (Array.isArray(value) && value.length > 0 && value.every((each): each is string => typeof each === 'string' && each !== ''))
    return value;
  throw new LmError('LM_INPUT', 'its answers are something else', { where, expected: 'a list of texts, none of them empty' });
}

/** How probable each answer is where one of them is given. */
function softmax(logProbs: readonly number[]): number[] {
  const most = Math.max(...logProbs);
  const odds = logProbs.map((value) => Math.exp(value - most));
  return odds.map((value) => value / sum(odds));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
