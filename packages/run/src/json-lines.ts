import { readFile } from 'node:fs/promises';
import { parseJson } from '@expctr/core';
import { RunFolderError } from './errors.js';

/** Reads a file of one JSON object a line; an absent file has no lines. @throws RunFolderError `RUN_BAD_LINE` with file and line. */
export async function readJsonLines(path: string): Promise<Record<string, unknown>[]> {
  const text = await readText(path);
  if (text === null) return [];
  const lines: Record<string, unknown>[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() !== '') lines.push(parseObject(line, `${path}, line ${index + 1}`));
  }
  return lines;
}

/** Reads a file; null where there is none. @throws RunFolderError `RUN_BAD_FILE` */
export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new RunFolderError('RUN_BAD_FILE', 'the file cannot be read', { where: path, cause });
  }
}

/** Parses a JSON object. @throws RunFolderError `RUN_BAD_LINE` where the text is something else. */
export function parseObject(text: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw new RunFolderError('RUN_BAD_LINE', 'this is not JSON', {
      where,
      expected: 'one JSON object',
      remedy: 'finish or repeat the run with --resume',
      cause,
    });
  }
  if (isObject(value)) return value;
  throw new RunFolderError('RUN_BAD_LINE', `this is ${JSON.stringify(value).slice(0, 60)}`, { where, expected: 'one JSON object' });
}

/** The object in a file of a run that the run wrote whole. @param damaged makes the error for a text that is something else */
export function writtenObject(text: string, damaged: (what: string, cause?: unknown) => RunFolderError): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw damaged('this is not JSON', cause);
  }
  if (isObject(value)) return value;
  throw damaged('this is not an object');
}

/** Whether a value is an object with fields. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
