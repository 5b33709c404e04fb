import { InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';

/** The flag of an option: `--batch-rows` for `batchRows`. */
export function flagOf(option: string): string {
  return `--${option.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * A flag of commander for each option of a zod object, all of which have a default and a description. A flag of true or false says the opposite of its default: `--no-pack` where `pack` is true.
 */
export function optionFlags(shape: Readonly<Record<string, z.ZodDefault<z.ZodType>>>): Option[] {
  return Object.entries(shape).map(([name, schema]) => {
    const inner = schema.unwrap();
    const flag = flagOf(name);
    const fallback = schema.parse(undefined);
    const description = schema.description ?? '';
    if (fallback === true) return new Option(flag.replace('--', '--no-'), `do not: ${description}`);
    if (fallback === false) return new Option(flag, description);
    const isNumber = typeof fallback === 'number';
    const said = `${description}${valuesOf(inner)} (default ${String(fallback)})`;
    return new Option(`${flag} <${isNumber ? 'N' : 'text'}>`, said).argParser((text: string) => {
      const result = inner.safeParse(isNumber ? numberOf(text) : text);
      if (result.success) return result.data;
      throw new InvalidArgumentError(result.error.issues[0]!.message);
    });
  });
}

function valuesOf(schema: z.ZodType): string {
  const { options } = schema as { options?: readonly unknown[] };
  return options === undefined ? '' : `: ${options.join(', ')}`;
}

function numberOf(text: string): number {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(text) ? Number(text) : NaN;
}
