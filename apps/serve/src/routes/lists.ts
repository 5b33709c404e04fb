import { RequestError } from '../errors.js';
import type { Route } from '@expctr/app-kit/http';
import { quoted } from '@expctr/app-kit/http';
import type { ServedData } from '../run/served.js';
import type { ServerContext } from './context.js';

/** A user to choose. */
export interface ListedUser {
  readonly id: string;
}

/** An item to choose. */
export interface ListedItem {
  readonly id: string;
  readonly title: string;
  /** Whether the run explained it for the user that was asked about. */
  readonly explained: boolean;
}

/** At most so many are listed at a time. */
export const LONGEST_LIST = 1000;
const SHOWN = 50;

/** `GET /v1/users` and `GET /v1/items`: what there is to choose from. */
export function listRoutes({ keeper }: ServerContext): Route[] {
  const withData = <T>(use: (data: ServedData) => T): T => {
    const { served, release } = keeper.lease();
    try {
      if (served.data !== null) return use(served.data);
      throw new RequestError('SERVE_NO_DATA', 'a model is served by itself: nothing is known of users and items', {
        remedy: 'serve the folder of a run',
      });
    } finally {
      release();
    }
  };
  return [
    {
      method: 'GET',
      path: '/v1/users',
      handle({ query }) {
        const { search, limit } = readQuery(query, ['search', 'limit']);
        return {
          kind: 'json',
          value: withData(({ directory }) => ({
            total: directory.userIds.length,
            users: found(directory.userIds, search, limit).map((id): ListedUser => ({ id })),
          })),
        };
      },
    },
    {
      method: 'GET',
      path: '/v1/items',
      handle({ query }) {
        const { search, limit, user } = readQuery(query, ['search', 'limit', 'user']);
        return {
          kind: 'json',
          value: withData((data) => ({ total: data.directory.itemIds.length, items: itemsOf(data, search, limit, user) })),
        };
      },
    },
  ];
}

/** Items whose id or title holds the text, those that were explained for the user first. */
function itemsOf({ directory, stored }: ServedData, search: string, limit: number, user: string | null): ListedItem[] {
  const code = user === null ? undefined : directory.user(user);
  if (user !== null && code === undefined) {
    throw new RequestError('SERVE_UNKNOWN_USER', `the run has no user ${quoted(user)}`, {
      where: 'user',
      expected: 'an id as GET /v1/users lists them',
    });
  }
  const { itemIds, items } = directory;
  const [explained, others]: [ListedItem[], ListedItem[]] = [[], []];
  for (let item = 0; item < itemIds.length && explained.length < limit; item += 1) {
    const [id, title] = [itemIds[item]!, items.title[item]!];
    if (!id.toLowerCase().includes(search) && !title.toLowerCase().includes(search)) continue;
    const isExplained = code !== undefined && stored.explained(code, item) !== undefined;
    if (isExplained) explained.push({ id, title, explained: true });
    else if (others.length < limit) others.push({ id, title, explained: false });
  }
  return [...explained, ...others].slice(0, limit);
}

function found(ids: readonly string[], search: string, limit: number): string[] {
  const list: string[] = [];
  for (let k = 0; k < ids.length && list.length < limit; k += 1) if (ids[k]!.toLowerCase().includes(search)) list.push(ids[k]!);
  return list;
}

function readQuery(query: URLSearchParams, known: readonly string[]): { search: string; limit: number; user: string | null } {
  const unknown = [...query.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new RequestError('SERVE_REQUEST', `there is no parameter ${quoted(unknown)}`, { expected: `any of ${known.join(', ')}` });
  }
  const limit = query.get('limit') ?? String(SHOWN);
  if (!/^\d{1,6}$/u.test(limit) || Number(limit) < 1 || Number(limit) > LONGEST_LIST) {
    throw new RequestError('SERVE_REQUEST', `it is ${quoted(limit)}`, {
      where: 'limit',
      expected: `a whole number from 1 to ${LONGEST_LIST}`,
    });
  }
  return { search: (query.get('search') ?? '').toLowerCase(), limit: Number(limit), user: query.get('user') };
}
