import { parseJson, printable, withFileErrors } from '@expctr/core';
import { readFile } from '@expctr/core/platform';
import { SftError } from './errors.js';
import { parseExample, type Example } from './example.js';

const LF = 0x0a;
const DECODER = new TextDecoder('utf-8', { fatal: true });

/** Reads examples from a file with one JSON object a line. @throws SftError naming file and line; FileError */
export async function readExamples(path: string): Promise<Example[]> {
  const bytes = await withFileErrors(path, () => readFile(path));
  return [...jsonLines(bytes, path)].map(({ value, where }) => parseExample(value, where));
}

/** A line of JSON. */
export interface JsonLine {
  /** Its value. */
  readonly value: unknown;
  /** File and line, such as `train.jsonl:7`. */
  readonly where: string;
}

/**
 * The values of a text with one JSON value a line; empty lines are left out.
 * @param name names the text in errors
 * @throws SftError `SFT_JSON` with the line
 */
export function* jsonLines(bytes: Uint8Array, name: string): Generator<JsonLine> {
  for (let start = 0, line = 1; start < bytes.length; line += 1) {
    const end = bytes.indexOf(LF, start);
    const next = end < 0 ? bytes.length : end;
    const where = `${name}:${line}`;
    const text = textOf(bytes.subarray(start, next), where);
    if (text.trim() !== '') yield { value: valueOf(text, where), where };
    start = next + 1;
  }
}

function textOf(bytes: Uint8Array, where: string): string {
  try {
    return DECODER.decode(bytes);
  } catch {
    throw new SftError('SFT_JSON', 'the line is not UTF-8', { where, remedy: 'convert the file, for instance with iconv -t UTF-8' });
  }
}

function valueOf(text: string, where: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new SftError('SFT_JSON', `the line is no JSON: ${(error as Error).message}`, {
      where,
      expected: 'one JSON object a line',
      remedy: `correct ${printable(text, 80)}`,
    });
  }
}
