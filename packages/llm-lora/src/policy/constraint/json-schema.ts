import { printable } from '@expctr/core';
import { textBytes } from '../byte-text.js';
import { PolicyError } from '../errors.js';
import { arrayMachine, numberMachine, objectMachine, stringMachine } from './json-machines.js';
import { oneOf, type Machine } from './place.js';

type Schema = Readonly<Record<string, unknown>>;

/** A schema of one value, compiled. */
interface Compiled {
  readonly machine: Machine;
  /** Bytes of its shortest text. */
  readonly least: number;
}

/** What says nothing of the value. */
const ANNOTATIONS = ['title', 'description', 'default', 'examples', '$schema', '$id', '$comment', 'deprecated', 'readOnly', 'writeOnly'];

/** What is known of each type, beside `type`, `enum` and `const`. */
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'minItems', 'maxItems'],
  string: ['maxLength'],
  number: [],
  integer: [],
  boolean: [],
  null: [],
};

const IS: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: Number.isFinite,
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
};

/** Levels of a schema: deeper ones are mistakes, or go round. */
const DEEPEST = 64;

/** Bytes that a value may have at least: what the smallest needs is written out to count its tokens. */
const LARGEST = 4096;

/** The texts of all values that a schema allows. @throws {@link PolicyError} `POLICY_CONSTRAINT` which names what is not known */
export function jsonSchemaMachine(schema: Schema): Machine {
  const { machine, least } = valueOf(schema, 'jsonSchema', 0);
  if (least <= LARGEST) return machine;
  throw refused('jsonSchema', `its smallest value has ${least} bytes`, `at most ${LARGEST}`);
}

function valueOf(schema: unknown, where: string, depth: number): Compiled {
  if (!IS['object']!(schema)) throw refused(where, `it is ${shown(schema)}`, 'an object with a type, an enum or a const');
  if (depth > DEEPEST) throw refused(where, `it is more than ${DEEPEST} levels deep`, 'a schema that ends');
  const given = schema as Schema;
  const type = given['type'];
  const isListed = 'enum' in given || 'const' in given;
  if (!(typeof type === 'string' && Object.hasOwn(KEYWORDS, type)) && !(isListed && type === undefined)) {
    throw refused(`${where}.type`, `it is ${shown(type)}`, `one of ${Object.keys(KEYWORDS).join(', ')}`);
  }
  const known = ['type', 'enum', 'const', ...ANNOTATIONS, ...(isListed ? [] : KEYWORDS[type as string]!)];
  const unknown = Object.keys(given).find((key) => !known.includes(key) && given[key] !== undefined);
  if (unknown !== undefined) throw refused(`${where}.${printable(unknown)}`, 'this keyword is not known here', `of ${known.join(', ')}`);
  return isListed ? listed(given, where) : TYPES[type as string]!(given, where, depth);
}

const TYPES: Readonly<Record<string, (schema: Schema, where: string, depth: number) => Compiled>> = {
  object({ properties = {}, required = [], additionalProperties = false }, where, depth) {
    if (!IS['object']!(properties)) throw refused(`${where}.properties`, `it is ${shown(properties)}`, 'schemas by their keys');
    if (typeof additionalProperties !== 'boolean') {
      throw refused(`${where}.additionalProperties`, `it is ${shown(additionalProperties)}`, 'true or false: none are written');
    }
    const values = Object.entries(properties as Schema).map(
      ([key, value]) => [key, valueOf(value, `${where}.properties.${printable(key)}`, depth + 1)] as const,
    );
    const missing = Array.isArray(required) ? (required as unknown[]).find((key) => !values.some(([known]) => known === key)) : required;
    if (!Array.isArray(required) || missing !== undefined) {
      throw refused(`${where}.required`, `it has ${shown(missing)}`, 'a list of keys that are among the properties');
    }
    const least = values.reduce((sum, [key, value]) => sum + textBytes(JSON.stringify(key)).length + 2 + value.least, 2);
    return { machine: objectMachine(values.map(([key, { machine }]) => [key, machine])), least };
  },
  array({ items, minItems = 0, maxItems = Infinity }, where, depth) {
    const least = count(minItems, `${where}.minItems`);
    const most = maxItems === Infinity ? Infinity : count(maxItems, `${where}.maxItems`);
    if (least > most) throw refused(`${where}.minItems`, `it is ${least}`, `at most maxItems, ${most}`);
    const item = valueOf(items, `${where}.items`, depth + 1);
    return { machine: arrayMachine(item.machine, least, most), least: 2 + least * (item.least + 1) };
  },
  string({ maxLength = Infinity }, where) {
    const most = maxLength === Infinity ? Infinity : count(maxLength, `${where}.maxLength`);
    return { machine: stringMachine(most), least: 2 };
  },
  number: () => ({ machine: numberMachine(false), least: 1 }),
  integer: () => ({ machine: numberMachine(true), least: 1 }),
  boolean: () => literals(['true', 'false']),
  null: () => literals(['null']),
};

/** Values that are written down: `enum`, `const`, or what both have. */
function listed(given: Schema, where: string): Compiled {
  const { type } = given;
  const values = 'enum' in given ? given['enum'] : [given['const']];
  if (!Array.isArray(values)) throw refused(`${where}.enum`, `it is ${shown(values)}`, 'a list of values');
  const constant = 'const' in given ? JSON.stringify(given['const']) : undefined;
  const texts = values
    .filter((value) => typeof type !== 'string' || IS[type]!(value))
    .map((value) => JSON.stringify(value) as string | undefined)
    .filter((text) => constant === undefined || text === constant);
  if (texts.length === 0 || texts.includes(undefined)) {
    const expected = typeof type === 'string' ? `values of the type ${type}` : 'values that JSON has';
    throw refused(`${where}.${'enum' in given ? 'enum' : 'const'}`, `it has ${shown(values)}`, expected);
  }
  return literals(texts as string[]);
}

function literals(texts: readonly string[]): Compiled {
  const bytes = [...new Set(texts)].map(textBytes);
  return { machine: (then) => oneOf(bytes, then), least: Math.min(...bytes.map(({ length }) => length)) };
}

function count(value: unknown, where: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw refused(where, `it is ${shown(value)}`, 'a whole number from 0');
}

const shown = (value: unknown): string => printable((JSON.stringify(value) ?? String(value)).slice(0, 80));

function refused(where: string, what: string, expected: string): PolicyError {
  return new PolicyError('POLICY_CONSTRAINT', what, {
    where,
    expected,
    remedy: 'leave it out of the schema, and check the value once it is there',
    wrongUse: true,
  });
}
