import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { serveRun } from '../../src/index.js';
import { PAGE_POLICY } from '../../src/page/page.js';
import { ask, refusal, sendBytes } from '../client.js';
import type { Given } from './given.js';
import { testPairs } from './predict.js';

const post = (path: string, body: string, headers = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/u.exec(answer)?.[1]);
const bodyOf = (answer: string): { error: { code: string } } =>
  JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as { error: { code: string } };

export function httpTests(given: Given): void {
  const folder = (): string => given.run.folder.root;

  describe('what is no right request', () => {
    test('is answered with a status, a code and a reason, and never with a path or a stack', async () => {
      const cases: [string, RequestInit?][] = [
        ['/nothing'],
        ['/v1/predict'],
        ['/v1/predict', { method: 'PUT', body: '{}' }],
        ['/healthz', { method: 'POST', body: '{}' }],
        ['/v1/predict', { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } }],
        ['/v1/predict', { method: 'POST', body: '' }],
        ['/v1/predict', { method: 'POST', body: '{"rows": [', headers: { 'content-type': 'application/json' } }],
        ['/v1/predict', { method: 'POST', body: new Uint8Array([0x22, 0xff, 0x22]), headers: { 'content-type': 'application/json' } }],
        ['/v1/predict', { method: 'POST', body: '['.repeat(600) + ']'.repeat(600), headers: { 'content-type': 'application/json' } }],
      ];
      const seen: string[] = [];
      for (const [path, init] of cases) {
        const answer = await fetch(`${given.url}${path}`, init);
        const text = await answer.text();
        expect(text).not.toMatch(/\.ts|\.js\b|node:|\/work|\/tmp|Error:/u);
        seen.push(`${answer.status} ${(JSON.parse(text) as { error: { code: string } }).error.code}`);
        if (answer.status === 405) expect(answer.headers.get('allow')).toMatch(/^(?:GET|POST)$/u);
      }
      expect(seen).toEqual([
        '404 SERVE_ROUTE',
        '405 SERVE_METHOD',
        '405 SERVE_METHOD',
        '405 SERVE_METHOD',
        '415 SERVE_TYPE',
        '415 SERVE_TYPE',
        '400 SERVE_JSON',
        '400 SERVE_JSON',
        '400 SERVE_JSON',
      ]);
    });

    test('bytes that are no HTTP, and headers without end, are told so', async () => {
      expect(bodyOf(await sendBytes(given.url, 'hello\r\n\r\n')).error.code).toBe('SERVE_HTTP');
      const answer = await sendBytes(given.url, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`);
      expect([statusOf(answer), bodyOf(answer).error.code]).toEqual([431, 'SERVE_HEADERS']);
    });
  });

  describe('limits', () => {
    test('a body that is too large is refused, announced or not, and the answer arrives', async () => {
      const server = await serveRun(folder(), { port: 0, bodyBytes: 1000 });
      const large = JSON.stringify({ rows: [], explanation: 'x'.repeat(300_000) });
      expect(refusal(await ask(server.url, '/v1/predict', large))).toBe('413 SERVE_BODY_SIZE');
      const chunked = `POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n${' '.repeat(2000)}\r\n0\r\n\r\n`;
      expect(statusOf(await sendBytes(server.url, chunked))).toBe(413);
      const announced =
        'POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999\r\nExpect: 100-continue\r\n\r\n';
      expect(await sendBytes(server.url, announced)).toMatch(/^HTTP\/1\.1 413/u); // and no 100 before it
      await server.stop();
    });

    test('who sends headers or a body without coming to an end is told so and cut off, and others are answered meanwhile', async () => {
      const server = await serveRun(folder(), { port: 0, headerSeconds: 0.2, bodySeconds: 0.4 });
      const started = performance.now();
      const [headers, body, silence] = await Promise.all([
        sendBytes(server.url, 'POST /v1/predict HTTP/1.1\r\nHost:', { wait: 100 }, ' x\r\nX:'),
        sendBytes(server.url, post('/v1/predict', ' '.repeat(100)).slice(0, -50), { wait: 100 }, ' '),
        sendBytes(server.url),
        ask(server.url, '/healthz'),
      ]);
      expect(performance.now() - started).toBeLessThan(5000);
      for (const answer of [headers, body]) expect([statusOf(answer), bodyOf(answer).error.code]).toEqual([408, 'SERVE_SLOW']);
      expect(silence === '' || statusOf(silence) === 408).toBe(true);
      await server.stop();
    });

    test('connections beyond the limit are closed and counted', async () => {
      const server = await serveRun(folder(), { port: 0, connections: 1, idleSeconds: 0.1 });
      const first = sendBytes(server.url, { wait: 200 }, 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await sendBytes(server.url, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('');
      expect(await first).toContain('expctr_serve_dropped_connections_total 1');
      await server.stop();
    });

    test('rows that find no room are refused with the time after which to ask again, and the others are answered', async () => {
      const server = await serveRun(folder(), { port: 0, queueRows: 8, requestRows: 8, batchRows: 2, batchWait: 30 });
      const rows = testPairs(given.run).slice(0, 4);
      const answers = await Promise.all(
        Array.from({ length: 12 }, () => ask<{ probabilities?: number[] }>(server.url, '/v1/predict', { rows })),
      );
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThan(0);
      expect(answers.length - refused.length).toBeGreaterThanOrEqual(2);
      for (const answer of refused) {
        expect(refusal(answer)).toBe('429 SERVE_BUSY');
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      }
      for (const { status, value } of answers) if (status === 200) expect(value.probabilities).toHaveLength(4);
      await server.stop();
    });
  });

  test('a stop takes no more connections, finishes what is under way, and says meanwhile that it stops', async () => {
    const server = await serveRun(folder(), { port: 0, batchWait: 150 });
    const pending = ask<{ probabilities: number[] }>(server.url, '/v1/predict', { rows: testPairs(given.run).slice(0, 3) });
    const health = sendBytes(server.url, 'GET /healthz HTTP/1.1\r\nHost: x\r\n', { wait: 80 }, '\r\n'); // begun before the stop, ended within
    await new Promise((resolve) => setTimeout(resolve, 50));
    const stopped = server.stop();
    expect(await health).toMatch(/^HTTP\/1\.1 503[^]*"status":"stopping"/u);
    const answer = await pending;
    expect([answer.status, answer.value.probabilities.length, answer.headers.get('connection')]).toEqual([200, 3, 'close']);
    expect(await stopped).toBe(true);
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });

  test('a stop does not wait longer than it was told to', async () => {
    const server = await serveRun(folder(), { port: 0, graceSeconds: 0.1 });
    const pending = sendBytes(server.url, post('/v1/predict', ' '.repeat(100)).slice(0, -50));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await server.stop()).toBe(false);
    expect(await pending).toBe('');
  });

  describe('documents', () => {
    test('the OpenAPI document describes every answer and request', async () => {
      const { value: document } = await ask<OpenApi>(given.url, '/openapi.json');
      expect(document.openapi).toBe('3.1.0');
      const schema = (name: string): z.ZodType => {
        const $defs = document.components.schemas;
        return z.fromJSONSchema(
          JSON.parse(JSON.stringify({ $ref: `#/$defs/${name}`, $defs }).replaceAll('#/components/schemas/', '#/$defs/')) as never,
        );
      };
      for (const [, ref] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/gu))
        expect(Object.keys(document.components.schemas)).toContain(ref);
      const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
      expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
      const [pair] = testPairs(given.run);
      const requests: [string, string, string, unknown?][] = [
        [
          '/v1/predict',
          'PredictAnswer',
          'PredictRequest',
          { rows: [pair, { user: {}, item: { attributes: { genres: [] } } }], explanation: 'none' },
        ],
        ['/v1/explain', 'ExplainAnswer', 'ExplainRequest', pair],
        ['/v1/users?limit=3', 'Users', ''],
        ['/v1/items?limit=3', 'Items', ''],
        ['/healthz', 'Health', ''],
        ['/nothing', 'Error', ''],
        ['/v1/predict', 'Error', '', { rows: [{}] }],
      ];
      for (const [path, answer, request, body] of requests) {
        if (request !== '') expect(schema(request).safeParse(body).error).toBeUndefined();
        expect(schema(answer).safeParse((await ask(given.url, path, body)).value).error).toBeUndefined();
      }
      expect(schema('Users').safeParse({ users: [] }).success).toBe(false); // the check can fail
      expect(Object.keys(document.components.schemas['Features']!.properties!)).toEqual(
        given.run.settings.config.ctr.history.length > 0 ? expect.arrayContaining(['user', 'item', 'z', 'history']) : [],
      );
    });

    test('metrics count requests, rows and batches, in a form that Prometheus reads', async () => {
      const before = await text('/metrics');
      await ask(given.url, '/v1/predict', { rows: testPairs(given.run).slice(0, 3) });
      const after = await text('/metrics');
      const value = (page: string, name: string): number =>
        Number(
          page
            .split('\n')
            .find((line) => line.startsWith(`${name} `))
            ?.slice(name.length) ?? 0,
        );
      expect(value(after, 'expctr_serve_rows_total') - value(before, 'expctr_serve_rows_total')).toBe(3);
      const name = 'expctr_serve_requests_total{route="/v1/predict",status="200"}';
      expect(value(after, name) - value(before, name)).toBe(1);
      expect(after).toMatch(/^expctr_serve_model_info\{predictor="expctr-aug",version="[0-9a-f]{12}"\} 1$/mu);
      for (const line of after.trimEnd().split('\n')) expect(line).toMatch(/^(?:# (?:HELP|TYPE) .+|[a-z_]+(?:\{[^}]*\})? [-+.0-9e]+)$/u);
    });

    test('the page needs nothing but its own server', async () => {
      const answer = await fetch(`${given.url}/`);
      const page = await answer.text();
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(answer.headers.get('content-security-policy')).toBe(PAGE_POLICY);
      expect(PAGE_POLICY).not.toMatch(/unsafe|\*/u);
      expect(page).not.toMatch(/(?:src|href)=|https?:|innerHTML/u);
      const head = await fetch(`${given.url}/`, { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
    });
  });

  const text = async (path: string): Promise<string> => (await fetch(`${given.url}${path}`)).text();
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { operationId: string }>>;
  readonly components: { readonly schemas: Record<string, { properties?: object }> };
}
