import { InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import { serveOptions, type ServeOptionsInput } from '../options.js';

/** The flag of an option: `--batch-rows` for `batchRows`. */
export function flagOf(option: string): string {
  return `--${option.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A flag for each option of a server. */
export function serveFlags(): Option[] {
  return Object.entries(serveOptions.shape).map(([name, schema]) => {
    const inner = schema.unwrap() as z.ZodType;
    const flag = flagOf(name);
    const fallback = schema.parse(undefined) as unknown;
    const description = schema.description ?? '';
    if (typeof fallback === 'boolean') return new Option(flag, description);
    const isNumber = typeof fallback === 'number';
    return new Option(`${flag} <${isNumber ? 'N' : 'text'}>`, `${description} (default ${String(fallback)})`).argParser((text: string) => {
      const result = inner.safeParse(isNumber ? numberOf(text) : text);
      if (result.success) return result.data;
      throw new InvalidArgumentError(result.error.issues[0]!.message);
    });
  });
}

function numberOf(text: string): number {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(text) ? Number(text) : NaN;
}

/** What flags say, as options: what was not given is left out. */
export type FlagValues = ServeOptionsInput;
