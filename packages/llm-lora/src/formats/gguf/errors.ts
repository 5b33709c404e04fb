import { FormatError } from '../errors.js';

/** The file ends before what its header announces. */
export function truncated(path: string, at: string, bytes: number, fileBytes: number): FormatError {
  return new FormatError('GGUF_TRUNCATED', `the file ends at byte ${fileBytes}, inside ${at}`, {
    where: path,
    expected: `at least ${bytes} bytes`,
    remedy: 'fetch the file again; it was cut short or damaged',
  });
}

/** The header says something that no GGUF file may say. */
export function damaged(path: string, what: string, expected: string): FormatError {
  return new FormatError('GGUF_BAD_HEADER', what, { where: path, expected, remedy: 'fetch the file again; it was damaged' });
}
