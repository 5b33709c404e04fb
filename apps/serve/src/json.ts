import { nameAdvice, printable } from '@expctr/core';
import { RequestError } from './errors.js';

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

/** @throws RequestError `SERVE_REQUEST` unless the value is an object with no other keys than these */
export function objectWith(value: unknown, where: string, keys: readonly string[]): JsonObject {
  if (!isJsonObject(value)) throw wrongType(value, where, 'an object');
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown === undefined) return value;
  throw new RequestError('SERVE_REQUEST', `there is no field ${quoted(unknown)}`, {
    where: where === '' ? 'the body' : where,
    expected: `any of ${keys.join(', ')}`,
    remedy: nameAdvice(unknown, keys),
  });
}

/** @throws RequestError `SERVE_REQUEST` unless the field is a list, or absent where there is a default */
export function listIn(object: JsonObject, key: string, where: string, otherwise?: readonly unknown[]): readonly unknown[] {
  const value = own(object, key);
  if (value === undefined && otherwise !== undefined) return otherwise;
  if (Array.isArray(value)) return value as readonly unknown[];
  throw wrongType(value, place(where, key), 'a list');
}

/** @throws RequestError `SERVE_REQUEST` unless the field is a text, or absent */
export function textIn(object: JsonObject, key: string, where: string): string | undefined {
  const value = own(object, key);
  if (value === undefined || typeof value === 'string') return value;
  throw wrongType(value, place(where, key), 'a text');
}

/** @throws RequestError `SERVE_REQUEST` unless the field is true or false, or absent */
export function flagIn(object: JsonObject, key: string, where: string): boolean | undefined {
  const value = own(object, key);
  if (value === undefined || typeof value === 'boolean') return value;
  throw wrongType(value, place(where, key), 'true or false');
}

/** The field of an object, never one of its prototype. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The place of a field. */
export function place(where: string, key: string): string {
  return where === '' ? key : `${where}.${key}`;
}

/** What to throw for a value of another type. */
export function wrongType(value: unknown, where: string, expected: string): RequestError {
  const what = value === undefined ? 'it is missing' : `it is ${typeOf(value)}`;
  return new RequestError('SERVE_REQUEST', what, { where: where === '' ? 'the body' : where, expected });
}
