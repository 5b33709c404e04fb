import { ExpctrError } from './errors.js';
import { fileError } from './file-error.js';

/** What a program's exit status says. */
export const EXIT = {
  /** All went well. */
  done: 0,
  /** Something failed. */
  failed: 1,
  /** What was asked for cannot be, whatever the data. */
  wrongUse: 2,
  /** Ctrl-C: 128 and the number of the signal. */
  interrupted: 130,
} as const;

/** One of {@link EXIT}. */
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/**
 * The exit status of a program that an error ended, and what it says of it. This is the one place that tells wrong use (2: what was
 * asked for cannot be, whatever the data) from failure (1).
 * An error of the machine is told as {@link fileError} tells it.
 * @param write where the program writes errors; what commander throws has been written already
 */
export function failWith(thrown: unknown, write: (text: string) => void): ExitStatus {
  const error = fileError(thrown);
  if (isCommandLineError(error)) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUse;
  if (error instanceof ExpctrError) {
    write(`error ${error.code}: ${error.message}\n`);
    return error.wrongUse ? EXIT.wrongUse : EXIT.failed;
  }
  write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failed;
}

/** A CommanderError of any copy of commander: help and versions with 0, wrong arguments with 1. */
function isCommandLineError(error: unknown): error is Error & { readonly exitCode: number } {
  return error instanceof Error && 'exitCode' in error && 'code' in error && String(error.code).startsWith('commander.');
}
