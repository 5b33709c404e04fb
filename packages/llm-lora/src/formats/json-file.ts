import { parseJson } from '@expctr/core';
import { readFile } from '@expctr/core/platform';
import { FormatError } from './errors.js';

/** Reads a JSON object. @returns null where there is no such file. @throws FormatError `CONFIG_NOT_JSON` for anything but an object. */
export async function readJsonObject(path: string): Promise<Record<string, unknown> | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new FormatError('CONFIG_NOT_JSON', 'the file cannot be read', { where: path, cause });
  }
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    const remedy = 'fetch the file again or correct the JSON';
    throw new FormatError('CONFIG_NOT_JSON', `it is not JSON (${(cause as Error).message})`, { where: path, remedy, cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new FormatError('CONFIG_NOT_JSON', 'it is not a JSON object', { where: path, expected: 'an object in braces' });
}
