import { RequestError } from '../errors.js';
import { isJsonObject, own, place, type JsonObject } from '@expctr/app-kit/http';
import { listIn, objectWith, textIn, wrongType } from '../json.js';
import type { AskedItem, AskedPair, AskedUser } from './pair.js';

/** Reads `user` and `item` of an object whose other keys were looked at. @throws RequestError `SERVE_REQUEST` */
export function readPair(object: JsonObject, where: string): AskedPair {
  return { user: readUser(own(object, 'user'), place(where, 'user')), item: readItem(own(object, 'item'), place(where, 'item')) };
}

function readUser(value: unknown, where: string): AskedUser {
  if (typeof value === 'string') return { known: value };
  if (!isJsonObject(value)) throw wrongType(value, where, 'the id of a user of the run, or an object with id and history');
  const user = objectWith(value, where, ['id', 'history']);
  const id = textIn(user, 'id', where);
  return {
    ...(id === undefined ? {} : { id }),
    ...(own(user, 'history') === undefined
      ? {}
      : { history: listIn(user, 'history', where).map((event, k) => readEvent(event, `${where}.history[${k}]`)) }),
  };
}

function readEvent(value: unknown, where: string): { item: AskedItem; liked: boolean } {
  const event = objectWith(value, where, ['item', 'liked']);
  const liked = own(event, 'liked');
  if (typeof liked !== 'boolean') throw wrongType(liked, `${where}.liked`, 'true or false');
  return { item: readItem(own(event, 'item'), `${where}.item`), liked };
}

function readItem(value: unknown, where: string): AskedItem {
  if (typeof value === 'string') return { known: value };
  if (!isJsonObject(value)) throw wrongType(value, where, 'the id of an item of the run, or an object that describes one');
  const item = objectWith(value, where, ['id', 'title', 'attributes', 'year', 'numbers']);
  const id = textIn(item, 'id', where);
  const title = textIn(item, 'title', where);
  const year = own(item, 'year');
  const attributes = own(item, 'attributes');
  const numbers = own(item, 'numbers');
  return {
    ...(id === undefined ? {} : { id }),
    ...(title === undefined ? {} : { title }),
    ...(year === undefined ? {} : { year: finite(year, `${where}.year`) }),
    ...(attributes === undefined ? {} : { attributes: readAttributes(attributes, `${where}.attributes`) }),
    ...(numbers === undefined ? {} : { numbers: readNumbers(numbers, `${where}.numbers`) }),
  };
}

function readAttributes(value: unknown, where: string): Record<string, string[]> {
  if (!isJsonObject(value)) throw wrongType(value, where, 'an object with a list of texts for each attribute');
  return Object.fromEntries(
    Object.entries(value).map(([name, list]) => {
      const at = `${where}.${name}`;
      if (!Array.isArray(list)) throw wrongType(list, at, 'a list of texts');
      (list as unknown[]).forEach((each, k) => {
        if (typeof each !== 'string') throw wrongType(each, `${at}[${k}]`, 'a text');
      });
      return [name, list as string[]] as const;
    }),
  );
}

function readNumbers(value: unknown, where: string): Record<string, number> {
  if (!isJsonObject(value)) throw wrongType(value, where, 'an object of numbers');
  return Object.fromEntries(Object.entries(value).map(([name, number]) => [name, finite(number, `${where}.${name}`)] as const));
}

function finite(value: unknown, where: string): number {
  if (typeof value !== 'number') throw wrongType(value, where, 'a number');
  if (Number.isFinite(Math.fround(value))) return value;
  throw new RequestError('SERVE_REQUEST', `${value} is beyond what float32 holds`, { where, expected: 'a number' });
}
