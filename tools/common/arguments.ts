// The arguments of a tool, and what it says of itself: its file begins with a comment that says how it is used, and `--help` prints that.
import { readFileSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** The options of a tool, as `node:util` wants them. */
type Options = NonNullable<ParseArgsConfig['options']>;

/** What `node:util` makes of a tool's arguments; `--help` is answered before. */
type ToolArguments<Given extends Options> = Pick<
  ReturnType<typeof parseArgs<{ options: Given; allowPositionals: true }>>,
  'values' | 'positionals'
>;

/** The comment that a tool's file begins with, or undefined where it holds no `usage:`: then the file is a part of a tool. */
export function usageOf(file: string): string | undefined {
  const lines = readFileSync(file, 'utf8').split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  const comment = lines.slice(0, end).map((line) => line.replace(/^\/\/ ?/u, ''));
  return comment.some((line) => line.includes('usage:')) ? comment.join('\n') : undefined;
}

/**
 * Reads the arguments of the tool that runs. With `--help` it prints how the tool is used and ends with status 0; with an unknown option
 * or more than `most` positional arguments it says so and ends with status 2.
 */
export function toolArguments<const Given extends Options>(options: Given, most = 0): ToolArguments<Given> {
  const given = process.argv.slice(2);
  if (given.includes('--help')) {
    process.stdout.write(`${ownUsage()}\n`);
    process.exit(0);
  }
  try {
    const { values, positionals } = parseArgs({ args: given, options, allowPositionals: true });
    if (positionals.length > most) throw new TypeError(`"${positionals[most]}" is an argument too many`);
    return { values, positionals };
  } catch (error) {
    return wrongUse((error as Error).message);
  }
}

/** A whole number that an option was given. Where it is none, or less than `least`, the tool ends with status 2. */
export function wholeNumber(option: string, text: string, least = 1): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) return wrongUse(`${option} wants a whole number of at least ${least}; got "${text}"`);
  return value;
}

/** A number that an option was given. Where it is none, the tool ends with status 2. */
export function finiteNumber(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) return wrongUse(`${option} wants a number; got "${text}"`);
  return value;
}

/** Says what is wrong and how the tool is called, and ends with status 2. */
export function wrongUse(problem: string): never {
  const call = ownUsage()
    .split('\n')
    .find((line) => line.includes('usage:'));
  process.stderr.write(`${problem}\n${call?.trim()}\n--help explains the options\n`);
  process.exit(2);
}

const ownUsage = (): string => usageOf(process.argv[1]!) ?? '';
