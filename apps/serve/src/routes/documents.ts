import type { Route } from '@expctr/app-kit/http';
import { openApiDocument } from '../openapi/document.js';
import { page, PAGE_POLICY } from '../page/page.js';
import type { ServerContext } from './context.js';

/** `GET /metrics`, `GET /openapi.json`, and the page at `/`. */
export function documentRoutes({ keeper, metrics, options }: ServerContext): Route[] {
  return [
    {
      method: 'GET',
      path: '/metrics',
      handle: () => ({ kind: 'text', type: 'text/plain; version=0.0.4; charset=utf-8', text: metrics.text() }),
    },
    {
      method: 'GET',
      path: '/openapi.json',
      handle() {
        const { served, release } = keeper.lease();
        try {
          return { kind: 'json', value: openApiDocument(served, options) };
        } finally {
          release();
        }
      },
    },
    {
      method: 'GET',
      path: '/',
      handle: () => ({ kind: 'text', type: 'text/html; charset=utf-8', text: page, headers: { 'content-security-policy': PAGE_POLICY } }),
    },
  ];
}
