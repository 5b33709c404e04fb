import { FormatError } from './errors.js';

/**
 * Typed look-ups in a configuration object (config.json, GGUF metadata); absent and null are the same but for {@link has}.
 * Every failed look-up is a FormatError that names the file and the field.
 */
export interface Fields {
  /** Names the file in errors. */
  readonly where: string;
  /** Whether the field is there, be it null: what a class of transformers has a default for, null may switch off. */
  has(name: string): boolean;
  /** The value as it is, null where absent. */
  raw(name: string): unknown;
  /** A finite number. */
  number(name: string, fallback?: number): number;
  /** A whole number from 1 to `most`. Default `most`: 2^31 - 1, which no size of a model exceeds. */
  count(name: string, fallback?: number, most?: number): number;
  /** A boolean. */
  flag(name: string, fallback: boolean): boolean;
  /** A string, or null where absent. */
  text(name: string): string | null;
  /** One token id, a list of them, or none. */
  tokenIds(name: string): readonly number[];
  /** An error about one field, to throw. */
  bad(name: string, what: string, expected: string, remedy?: string): FormatError;
}

const LARGEST_COUNT = 2 ** 31 - 1;

/** Look-ups in `record`, which was read from `where`. */
export function fieldsOf(record: Readonly<Record<string, unknown>>, where: string): Fields {
  const raw = (name: string): unknown => (Object.hasOwn(record, name) ? (record[name] ?? null) : null);
  const bad: Fields['bad'] = (name, what, expected, remedy) =>
    new FormatError('CONFIG_BAD_FIELD', `${name} ${what}`, { where, expected, ...(remedy === undefined ? {} : { remedy }) });
  const shown = (value: unknown): string => (value === null ? 'is missing' : `is ${JSON.stringify(value)}`);
  return {
    where,
    has: (name) => Object.hasOwn(record, name),
    raw,
    bad,
    number(name, fallback) {
      const value = raw(name) ?? fallback ?? null;
      if (typeof value === 'number' && Number.isFinite(value)) return value;
      throw bad(name, shown(value), 'a finite number');
    },
    count(name, fallback, most = LARGEST_COUNT) {
      const value = raw(name) ?? fallback ?? null;
      if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value;
      throw bad(name, shown(value), `a whole number of at least 1 and at most ${most}`);
    },
    flag(name, fallback) {
      const value = raw(name) ?? fallback;
      if (typeof value === 'boolean') return value;
      throw bad(name, shown(value), 'true or false');
    },
    text(name) {
      const value = raw(name);
      if (value === null || typeof value === 'string') return value;
      throw bad(name, shown(value), 'a string');
    },
    tokenIds(name) {
      const value = raw(name);
      const ids = value === null ? [] : Array.isArray(value) ? (value as unknown[]) : [value];
      if (ids.every((id): id is number => typeof id === 'number' && Number.isSafeInteger(id) && id >= 0)) return ids;
      throw bad(name, shown(value), 'a token id or a list of token ids');
    },
  };
}
