import { existsSync } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { withFileErrors, writeFileAtomic } from '@expctr/core';
import { removeTemporaryFiles } from '@expctr/core/node';
import { isObject, readText } from './json-lines.js';
import type { RunFolder } from './run-folder.js';

/**
 * Removes what a killed process left half done: temporary files, and the last line of `timing.jsonl` where it was cut off. Only whoever
 * holds the folder's lock may do that. @param repair also removes lines of `timing.jsonl` that cannot be read
 */
export async function tidyRunFolder({ root, timing }: Pick<RunFolder, 'root' | 'timing'>, repair = false): Promise<void> {
  if (!existsSync(root)) return;
  await withFileErrors(root, () => removeTemporaryFiles(root));
  const text = await readText(timing);
  if (text === null) return;
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole !== text) await withFileErrors(timing, () => truncate(timing, Buffer.byteLength(whole)));
  if (!repair) return;
  const readable = whole
    .split('\n')
    .filter((line) => line === '' || isJsonObject(line))
    .join('\n');
  if (readable !== whole) await writeFileAtomic(timing, readable);
}

function isJsonObject(line: string): boolean {
  try {
    return isObject(JSON.parse(line));
  } catch {
    return false;
  }
}
