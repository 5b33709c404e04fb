import { printableLines } from './printable.js';

/** Writes lines to standard output. They may quote data: nothing in them commands the terminal. */
export function print(text: string): void {
  process.stdout.write(printableLines(`${text}\n`));
}

/** Writes a part of a text to standard output, with no end of a line behind it. It may quote data: nothing in it commands the terminal. */
export function printPart(text: string): void {
  process.stdout.write(printableLines(text));
}

/** Writes lines to standard error. They may quote data: nothing in them commands the terminal. */
export function printError(text: string): void {
  process.stderr.write(printableLines(`${text}\n`));
}
