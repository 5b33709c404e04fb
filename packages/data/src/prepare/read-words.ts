import { readFile } from 'node:fs/promises';
import { parseJson } from '@expctr/core';
import { DataError } from '../errors.js';
import { parseWords, type Words } from '../words/words.js';

/** The words of a dataset from its `card.json`. @throws DataError `DATA_CARD` where that is missing or no JSON, `DATA_WORDS` where it has none. */
export async function readWords(path: string): Promise<Words> {
  const wrong = (what: string, cause: unknown): DataError =>
    new DataError('DATA_CARD', what, {
      where: path,
      expected: 'the card.json that was written with the tables',
      remedy: 'prepare the dataset again',
      cause,
    });
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw wrong('the card of the dataset cannot be read', cause);
  }
  let card: unknown;
  try {
    card = parseJson(text);
  } catch (cause) {
    throw wrong(`the card of the dataset is not JSON (${(cause as Error).message})`, cause);
  }
  return parseWords((card as { words?: unknown } | null)?.words, path);
}
