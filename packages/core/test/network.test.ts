import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { reasonOf, retryAfter } from '../src/index.js';
import { freePort } from '../src/node.js';

test('a server may ask for patience in seconds or by a date', () => {
  expect(retryAfter('2')).toBe(2000);
  expect(retryAfter(new Date(Date.now() + 5_000).toUTCString())).toBeGreaterThan(3_000);
  expect(retryAfter(new Date(0).toUTCString())).toBe(0);
  expect([retryAfter(null), retryAfter(''), retryAfter('soon')]).toEqual([undefined, undefined, undefined]);
});

test('the reason of an error is what lies at the bottom of its causes', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:8000'), { code: 'ECONNREFUSED' });
  expect(reasonOf(new TypeError('fetch failed', { cause: refused }))).toBe(refused.message);
  expect(reasonOf(new TypeError('fetch failed', { cause: new AggregateError([refused], '') }))).toBe(refused.message);
  expect(reasonOf(Object.assign(new Error(''), { code: 'ECONNRESET' }))).toBe('ECONNRESET');
});

test('a free port can be listened on', async () => {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  expect(port).toBeGreaterThan(0);
  await new Promise((resolve) => server.close(resolve));
});
