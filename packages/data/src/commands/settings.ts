import { z } from 'zod';
import { DataOptionError } from '../errors.js';
import { unknownDataOption } from '../prepare/option-error.js';
import { dataOptionsWith, parseDataOptions } from '../prepare/options.js';

/**
 * Reads settings of the form `data.kCore=5`. A value is JSON where it can be read as such, else a string.
 * @param own the options that only this dataset has; default none
 * @returns what was set, as an input of the options' schema
 * @throws DataOptionError `DATA_OPTION` for a path that does not exist (naming the nearest that does) or a value that is not allowed.
 */
export function readSettings(settings: readonly string[], own: z.ZodObject = z.object({})): Record<string, unknown> {
  const paths = describeOptions(own).map(({ path }) => path);
  const input: Record<string, unknown> = {};
  for (const setting of settings) {
    const at = setting.indexOf('=');
    const [path, text] = [setting.slice(0, at), setting.slice(at + 1)];
    if (at < 1)
      throw new DataOptionError('DATA_OPTION', `'${setting}' sets nothing`, { where: '--set', expected: 'path=value, as in data.kCore=5' });
    if (!paths.includes(path)) throw unknownDataOption(path, dataOptionsWith(own));
    assign(input, path.split('.').slice(1), valueOf(text));
  }
  parseDataOptions(input, own);
  return input;
}

/** Every option's path, with its default and what it does: the common ones, and then those of one dataset. */
export function describeOptions(own: z.ZodObject = z.object({})): { path: string; description: string; default: unknown }[] {
  const schema = dataOptionsWith(own);
  return describe(schema, 'data', schema.parse({}));
}

function describe(schema: z.ZodObject, prefix: string, defaults: Record<string, unknown>): ReturnType<typeof describeOptions> {
  return Object.entries(schema.shape).flatMap(([name, field]) => {
    const path = `${prefix}.${name}`;
    const inner: unknown = field instanceof z.ZodPrefault ? field.unwrap() : field;
    const value = defaults[name];
    if (inner instanceof z.ZodObject) return describe(inner, path, value as Record<string, unknown>);
    return [{ path, description: (field as z.ZodType).description ?? '', default: value }];
  });
}

function assign(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head = '', ...rest] = path;
  if (rest.length === 0) target[head] = value;
  else assign((target[head] ??= {}) as Record<string, unknown>, rest, value);
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
