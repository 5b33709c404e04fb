import { nameAdvice, printable } from '@expctr/core';
import type { RefusalDetails, RefusedRequest } from './refusal.js';

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** An object of a request, its keys not yet looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A value as a message names its type. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value === undefined) return 'missing';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A value from a request, short and printable, for a message. */
export function quoted(value: string): string {
  return `"${printable(value, 60)}"`;
}

/** Whether a value is an object of JSON. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field of an object, never one of its prototype. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The place of a field. */
export function place(where: string, key: string): string {
  return where === '' ? key : `${where}.${key}`;
}

/** Looks at parts of a request. Each throws what {@link jsonChecks} was given to make. */
export interface JsonChecks {
  /** An object with no other keys than these. */
  readonly objectWith: (value: unknown, where: string, keys: readonly string[]) => JsonObject;
  /** A field that is a list, or absent where there is a default. */
  readonly listIn: (object: JsonObject, key: string, where: string, otherwise?: readonly unknown[]) => readonly unknown[];
  /** A field that is a text, or absent. */
  readonly textIn: (object: JsonObject, key: string, where: string) => string | undefined;
  /** A field that is true or false, or absent. */
  readonly flagIn: (object: JsonObject, key: string, where: string) => boolean | undefined;
  /** A field that is a number within bounds, or absent. */
  readonly numberIn: (object: JsonObject, key: string, where: string, bounds: NumberBounds) => number | undefined;
  /** What to throw for a value of another type. */
  readonly wrongType: (value: unknown, where: string, expected: string) => RefusedRequest;
}

/** What a number may be. */
export interface NumberBounds {
  readonly least: number;
  readonly most: number;
  /** Whether it has to be whole. */
  readonly whole?: boolean;
}

/** @param refuse makes the error of a value that is wrong, at the place that the details name */
export function jsonChecks(refuse: (what: string, details: RefusalDetails) => RefusedRequest): JsonChecks {
  const wrongType = (value: unknown, where: string, expected: string): RefusedRequest =>
    refuse(value === undefined ? 'it is missing' : `it is ${typeOf(value)}`, { where: where === '' ? 'the body' : where, expected });
  const checks: JsonChecks = {
    wrongType,
    objectWith(value, where, keys) {
      if (!isJsonObject(value)) throw wrongType(value, where, 'an object');
      const unknown = Object.keys(value).find((key) => !keys.includes(key));
      if (unknown === undefined) return value;
      throw refuse(`there is no field ${quoted(unknown)}`, {
        where: where === '' ? 'the body' : where,
        expected: `any of ${keys.join(', ')}`,
        remedy: nameAdvice(unknown, keys),
      });
    },
    listIn(object, key, where, otherwise) {
      const value = own(object, key);
      if (value === undefined && otherwise !== undefined) return otherwise;
      if (Array.isArray(value)) return value as readonly unknown[];
      throw wrongType(value, place(where, key), 'a list');
    },
    textIn(object, key, where) {
      const value = own(object, key);
      if (value === undefined || typeof value === 'string') return value;
      throw wrongType(value, place(where, key), 'a text');
    },
    flagIn(object, key, where) {
      const value = own(object, key);
      if (value === undefined || typeof value === 'boolean') return value;
      throw wrongType(value, place(where, key), 'true or false');
    },
    numberIn(object, key, where, { least, most, whole = false }) {
      const value = own(object, key);
      if (value === undefined) return undefined;
      const expected = `a ${whole ? 'whole ' : ''}number from ${least} to ${most}`;
      if (typeof value !== 'number') throw wrongType(value, place(where, key), expected);
      if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
      throw refuse(`it is ${value}`, { where: place(where, key), expected });
    },
  };
  return checks;
}
