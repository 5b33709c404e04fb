import { CtrError } from '../errors.js';
import type { FeatureDefinition } from './definitions.js';

const KINDS: { readonly [K in FeatureDefinition['kind']]: true } = {
  categorical: true,
  'multi-valued': true,
  sequence: true,
  events: true,
  numeric: true,
  frequency: true,
  length: true,
  dense: true,
};

/** What a definition, or a field of events, may say beside its name, and what is right for each. */
const CHOICES: Readonly<Record<string, (value: unknown) => string | null>> = {
  maxLength: (value) => atLeastOne(value),
  pooling: (value) => oneOf(value, ['mean', 'sum']),
  missing: (value) => oneOf(value, ['mean', 'error']),
};

/**
 * Refuses what the types of definitions refuse, for callers in plain JavaScript.
 * @throws CtrError `CTR_SCHEMA` naming the feature; `CTR_OPTION` for `minimumCount`
 */
export function checkDefinitions(definitions: readonly FeatureDefinition[], minimumCount: number): void {
  const expected = atLeastOne(minimumCount);
  if (expected !== null) throw new CtrError('CTR_OPTION', `minimumCount is ${String(minimumCount)}`, { where: 'fitSchema', expected });
  for (const [at, definition] of definitions.entries()) {
    const { name, kind } = definition as { readonly name: unknown; readonly kind: unknown };
    if (typeof name !== 'string' || name === '') throw wrong(`the definition ${at} has no name`, 'a name, as the column has it');
    if (typeof kind !== 'string' || !Object.hasOwn(KINDS, kind)) {
      throw wrong(`the feature '${name}' is of the kind ${JSON.stringify(kind)}`, `one of ${Object.keys(KINDS).join(', ')}`);
    }
    checkChoices(name, definition);
    if (definition.kind === 'events') for (const field of definition.fields) checkChoices(`${name}.${field.name}`, field);
  }
}

function checkChoices(name: string, definition: object): void {
  for (const [choice, check] of Object.entries(CHOICES)) {
    const value = (definition as Readonly<Record<string, unknown>>)[choice];
    const expected = value === undefined ? null : check(value);
    if (expected !== null) throw wrong(`${choice} of the feature '${name}' is ${JSON.stringify(value)}`, expected);
  }
}

/** @throws CtrError `CTR_SCHEMA` where an argument is no object at all. */
export function checkGiven(where: string, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === 'object' && value !== null) continue;
    throw new CtrError('CTR_SCHEMA', `${name} is ${value === undefined ? 'missing' : value === null ? 'null' : `a ${typeof value}`}`, {
      where,
    });
  }
}

/** @throws CtrError `CTR_LENGTH` for what is no number of one of `length` rows. */
export function checkRows(where: string, rows: ArrayLike<number>, length: number): void {
  for (let r = 0; r < rows.length; r += 1) {
    const row = rows[r]!;
    if (Number.isInteger(row) && row >= 0 && row < length) continue;
    throw new CtrError('CTR_LENGTH', `row ${String(row)} was selected`, { where, expected: `0 to ${length - 1}` });
  }
}

function atLeastOne(value: unknown): string | null {
  return Number.isInteger(value) && (value as number) >= 1 ? null : 'an integer of at least 1';
}

function oneOf(value: unknown, choices: readonly string[]): string | null {
  return choices.includes(value as string) ? null : choices.join(' or ');
}

function wrong(what: string, expected: string): CtrError {
  return new CtrError('CTR_SCHEMA', what, { where: 'fitSchema', expected });
}
