import { readFile } from 'node:fs/promises';
import { parseJson, withFileErrors } from '@expctr/core';
import { LmError } from '../errors.js';

/** A JSON object in a file. @throws LmError `LM_INPUT`; FileError */
export async function readJson(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await withFileErrors(path, () => readFile(path, 'utf8'));
  try {
    const value = parseJson(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new LmError('LM_INPUT', `the file is no JSON: ${(cause as Error).message}`, { where: path, cause });
  }
  throw new LmError('LM_INPUT', 'the file holds no object', { where: path, expected: 'one JSON object' });
}
