import { nameAdvice } from '@expctr/core';
import { RequestError } from '../errors.js';
import { quoted } from '../json.js';
import type { Answer } from './answer.js';

/** A request as a route sees it. */
export interface RouteRequest {
  /** The value of the body of a POST; undefined of a GET. */
  readonly body: unknown;
  /** What stands behind the question mark. */
  readonly query: URLSearchParams;
  /** Whether the answer is wanted as server-sent events. */
  readonly wantsEvents: boolean;
}

/** One thing that a server answers. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  handle(request: RouteRequest): Promise<Answer> | Answer;
}

/** The route of a request. @throws RequestError `SERVE_ROUTE`, `SERVE_METHOD` */
export function findRoute(routes: readonly Route[], method: string, path: string): Route {
  const there = routes.filter((route) => route.path === path);
  const wanted = method === 'HEAD' ? 'GET' : method;
  const found = there.find((route) => route.method === wanted);
  if (found !== undefined) return found;
  if (there.length > 0) {
    const methods = there.map((route) => route.method).join(', ');
    throw new RequestError('SERVE_METHOD', `${quoted(method)} is not answered here`, {
      where: path,
      expected: methods,
      headers: { allow: methods },
    });
  }
  const paths = [...new Set(routes.map((route) => route.path))];
  throw new RequestError('SERVE_ROUTE', `there is nothing at ${quoted(path)}`, {
    expected: `one of ${paths.join(', ')}`,
    remedy: nameAdvice(path, paths),
  });
}
