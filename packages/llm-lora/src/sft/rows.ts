import { sha256Of } from '@expctr/core/platform';
import type { Tokenizer } from '@expctr/language-model';
import type { TokenBatch } from '@expctr/language-model/training';
import { SftError } from './errors.js';
import type { Example } from './example.js';
import type { SftSettings } from './options.js';
import { exampleTokenizer, type Tokenized } from './tokenize.js';

/** A row of training or evaluation. */
export interface SftRow {
  /** What is given. */
  readonly prompt: Int32Array;
  /** What follows. */
  readonly response: Int32Array;
  /** One for each token of the response: 1 = learned, 0 = given. */
  readonly weights: Float32Array;
}

/** What became of examples. */
export interface SftCounts {
  /** Examples that were given. */
  readonly examples: number;
  /** Rows that they made: one each, but for conversations whose template rewrites earlier turns. */
  readonly rows: number;
  /** Tokens of all rows. */
  readonly tokens: number;
  /** Tokens that the loss is over. */
  readonly learned: number;
  /** Rows that were too long and lost their end. */
  readonly truncated: number;
  /** Rows that were too long and were left out, or had nothing to learn after their end was cut. */
  readonly skipped: number;
}

/** Examples as rows. */
export interface SftRows {
  /** The rows, in the order of the examples. */
  readonly rows: readonly SftRow[];
  /** What became of the examples. */
  readonly counts: SftCounts;
}

/** Tokenizes examples. @param longest the model's context @throws SftError naming the example by its number, from 1 */
export function rowsOf(
  examples: readonly Example[],
  tokenizer: Tokenizer,
  settings: Pick<SftSettings, 'learn' | 'maxTokens' | 'tooLong'>,
  longest: number,
  name = 'example',
): SftRows {
  const tokenize = exampleTokenizer(tokenizer);
  const most = settings.maxTokens === 0 ? longest : Math.min(settings.maxTokens, longest);
  const rows: SftRow[] = [];
  let truncated = 0;
  let skipped = 0;
  examples.forEach((example, index) => {
    const where = `${name} ${index + 1}`;
    for (const tokenized of tokenize(example, where)) {
      const row = rowOf(tokenized, settings.learn);
      const length = row.prompt.length + row.response.length;
      if (length <= most) rows.push(row);
      else if (settings.tooLong === 'refuse') throw tooLong(length, most, where);
      else {
        const kept = settings.tooLong === 'truncate' ? cut(row, most) : null;
        if (kept === null) skipped += 1;
        else {
          rows.push(kept);
          truncated += 1;
        }
      }
    }
  });
  if (rows.length === 0) {
    throw new SftError('SFT_NO_ROWS', examples.length === 0 ? 'there are no examples' : `none of ${examples.length} examples is left`, {
      where: `${name}s`,
      expected: 'at least one',
      ...(skipped > 0 ? { remedy: `raise maxTokens: ${skipped} are longer than ${most} tokens` } : {}),
    });
  }
  const sum = (of: (row: SftRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const counts = {
    examples: examples.length,
    rows: rows.length,
    tokens: sum(({ prompt, response }) => prompt.length + response.length),
    learned: sum(learnedTokens),
    truncated,
    skipped,
  };
  return { rows, counts };
}

/** Tokens of a row that the loss is over. */
export function learnedTokens({ weights }: SftRow): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}

/** Some rows as a batch; the weights come as the column `weights`. */
export function batchOf(rows: readonly SftRow[], pack: boolean): TokenBatch & { readonly columns: { readonly weights: Float32Array[] } } {
  return {
    prompts: rows.map(({ prompt }) => prompt),
    responses: rows.map(({ response }) => response),
    columns: { weights: rows.map(({ weights }) => weights) },
    pack,
  };
}

/** A checksum of rows. */
export function rowsDigest(rows: readonly SftRow[]): string {
  return sha256Of(
    rows.flatMap(({ prompt, response, weights }) => [Int32Array.of(prompt.length, response.length), prompt, response, weights]),
  );
}

function rowOf({ prompt, response, weights }: Tokenized, learn: SftSettings['learn']): SftRow {
  if (learn === 'responses') {
    return { prompt: Int32Array.from(prompt), response: Int32Array.from(response), weights: Float32Array.from(weights) };
  }
  const all = [...prompt, ...response];
  return {
    prompt: Int32Array.from(all.slice(0, 1)),
    response: Int32Array.from(all.slice(1)),
    weights: new Float32Array(all.length - 1).fill(1),
  };
}

/** The beginning of a row; null where nothing of that is learned. */
function cut({ prompt, response, weights }: SftRow, most: number): SftRow | null {
  const left = Math.max(0, most - prompt.length);
  const row = { prompt, response: response.slice(0, left), weights: weights.slice(0, left) };
  return learnedTokens(row) === 0 ? null : row;
}

function tooLong(length: number, most: number, where: string): SftError {
  return new SftError('SFT_TOO_LONG', `it has ${length} tokens`, {
    where,
    expected: `at most ${most}`,
    remedy:
      'shorten it, raise maxTokens up to the context of the model, or say by tooLong that such examples lose their end (truncate) or are left out (skip)',
  });
}
