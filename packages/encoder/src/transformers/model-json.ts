import { parseJson } from '@expctr/core';
import { EncoderError } from '../errors.js';

/** Reads a small text file of a model; undefined when the model has none of that name. */
export type ReadModelFile = (name: string) => Promise<string | undefined>;

/** The parsed file, undefined where there is none. @throws EncoderError `ENCODER_DAMAGED_FILE`. */
export async function readJson(read: ReadModelFile, file: string): Promise<unknown> {
  const text = await read(file);
  if (text === undefined) return undefined;
  try {
    return parseJson(text);
  } catch (cause) {
    throw damaged(file, 'JSON', cause);
  }
}

/** A parsed file that must hold an object. @throws EncoderError `ENCODER_DAMAGED_FILE`. */
export async function readObject(read: ReadModelFile, file: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const parsed = await readJson(read, file);
  if (parsed === undefined) return undefined;
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw damaged(file, 'an object');
  return parsed as Readonly<Record<string, unknown>>;
}

/** The error for a file of a model that is not what it should be. */
export function damaged(file: string, expected: string, cause?: unknown): EncoderError {
  return new EncoderError('ENCODER_DAMAGED_FILE', 'the file cannot be used', {
    where: file,
    expected,
    remedy: 'get the model again, or mend the file',
    cause,
  });
}
