import { nameAdvice } from '@expctr/core';
import type { Answer } from './answer.js';
import { quoted } from './json-checks.js';
import type { HttpDialect } from './refusal.js';

/** A request as a route sees it. */
export interface RouteRequest {
  /** The value of the body of a POST; undefined of a GET. */
  readonly body: unknown;
  /** What stands behind the question mark. */
  readonly query: URLSearchParams;
  /** Whether the answer is wanted as server-sent events. */
  readonly wantsEvents: boolean;
  /** Aborted where the connection is lost before the answer was written. */
  readonly signal: AbortSignal;
}

/** One thing that a server answers. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  handle(request: RouteRequest): Promise<Answer> | Answer;
}

/** The route of a request. @throws RefusedRequest `ROUTE`, `METHOD` */
export function findRoute(routes: readonly Route[], method: string, path: string, { refuse }: HttpDialect): Route {
  const there = routes.filter((route) => route.path === path);
  const wanted = method === 'HEAD' ? 'GET' : method;
  const found = there.find((route) => route.method === wanted);
  if (found !== undefined) return found;
  if (there.length > 0) {
    const methods = there.map((route) => route.method).join(', ');
    throw refuse('METHOD', `${quoted(method)} is not answered here`, {
      where: path,
      expected: methods,
      headers: { allow: methods },
    });
  }
  const paths = [...new Set(routes.map((route) => route.path))];
  throw refuse('ROUTE', `there is nothing at ${quoted(path)}`, {
    expected: `one of ${paths.join(', ')}`,
    remedy: nameAdvice(path, paths),
  });
}
