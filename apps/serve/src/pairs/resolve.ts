import { historyOf } from '@expctr/data';
import { nameAdvice } from '@expctr/core';
import { RequestError } from '../errors.js';
import { quoted } from '@expctr/app-kit/http';
import type { Directory } from './directory.js';
import type { AskedItem, AskedPair, AskedUser, ItemContent, Pair, PastEvent } from './pair.js';

/** What of a run a pair is looked up in. */
export interface PairSource {
  readonly directory: Directory;
  /** The interaction of a user and an item, by their codes, that the run explained last; undefined where it explained none. */
  readonly explained: (user: number, item: number) => number | undefined;
}

/** The id of a user or an item that a request describes and does not name: no vocabulary holds it. */
const NEW = '\u0000new';

/**
 * What a request says of a user and an item, put together with what the run knows of them. A pair that the run explained is taken as it
 * stood then, with the history of that time: so it is predicted as the run predicted it.
 * @param where the place of the pair in the request
 * @throws RequestError `SERVE_UNKNOWN_USER`, `SERVE_UNKNOWN_ITEM` for an id alone that the run does not have; `SERVE_REQUEST`
 */
export function resolvePair({ directory, explained }: PairSource, { user, item }: AskedPair, where: string): Pair {
  const at = (key: string): string => (where === '' ? key : `${where}.${key}`);
  const userCode = codeOfUser(directory, user, at('user'));
  const target = resolveItem(directory, item, at('item'));
  const itemCode = 'known' in item ? directory.item(item.known) : undefined;
  const isOfRun = 'known' in user || (user.history === undefined && userCode !== undefined);
  const interaction = isOfRun && itemCode !== undefined ? (explained(userCode!, itemCode) ?? null) : null;
  const userId = 'known' in user ? user.known : (user.id ?? NEW);
  if (interaction !== null)
    return { userId, target, history: eventsOf(directory, historyOf(directory.interactions, interaction)), interaction };
  if (!('known' in user) && user.history !== undefined) {
    const history = user.history.map((event, k) => ({
      item: resolveItem(directory, event.item, `${at('user')}.history[${k}].item`),
      liked: event.liked,
    }));
    return { userId, target, history, interaction };
  }
  return { userId, target, history: userCode === undefined ? [] : eventsOf(directory, directory.historyNow(userCode)), interaction };
}

function codeOfUser(directory: Directory, user: AskedUser, where: string): number | undefined {
  if (!('known' in user)) return user.id === undefined ? undefined : directory.user(user.id);
  const code = directory.user(user.known);
  if (code !== undefined) return code;
  throw new RequestError('SERVE_UNKNOWN_USER', `the run has no user ${quoted(user.known)}`, {
    where,
    expected: 'an id as GET /v1/users lists them',
    remedy: 'for a new user write {"id": …, "history": [{"item": …, "liked": true}, …]} in its place',
  });
}

function resolveItem(directory: Directory, item: AskedItem, where: string): ItemContent {
  if ('known' in item) {
    const code = directory.item(item.known);
    if (code !== undefined) return directory.content(code);
    throw new RequestError('SERVE_UNKNOWN_ITEM', `the run has no item ${quoted(item.known)}`, {
      where,
      expected: 'an id as GET /v1/items lists them',
      remedy: 'for a new item write {"title": …, "attributes": {…}} in its place',
    });
  }
  const { id, title, attributes = {}, year, numbers = {} } = item;
  const code = id === undefined ? undefined : directory.item(id);
  const known = code === undefined ? undefined : directory.content(code);
  const { items } = directory;
  requireNames(Object.keys(attributes), Object.keys(items.attributes), 'attribute', `${where}.attributes`);
  requireNames(Object.keys(numbers), Object.keys(items.numbers ?? {}), 'number', `${where}.numbers`);
  const each = <T>(names: readonly string[], of: (name: string) => T): Record<string, T> =>
    Object.fromEntries(names.map((name) => [name, of(name)]));
  return {
    id: id ?? NEW,
    title: title ?? known?.title ?? '',
    attributes: each(Object.keys(items.attributes), (name) => attributes[name] ?? known?.attributes[name] ?? []),
    year: year ?? known?.year ?? NaN,
    numbers: each(Object.keys(items.numbers ?? {}), (name) => numbers[name] ?? known?.numbers[name] ?? NaN),
  };
}

function requireNames(given: readonly string[], known: readonly string[], what: string, where: string): void {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new RequestError('SERVE_REQUEST', `items of the run have no ${what} ${quoted(unknown)}`, {
    where,
    expected: known.length === 0 ? `no ${what}` : `any of ${known.join(', ')}`,
    ...(known.length === 0 ? {} : { remedy: nameAdvice(unknown, known) }),
  });
}

function eventsOf({ interactions, content }: Directory, rows: ArrayLike<number>): PastEvent[] {
  return Array.from(rows, (row) => ({ item: content(interactions.item[row]!), liked: interactions.label[row] === 1 }));
}
