import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { httpReward, rewards, type HttpRewardOptions, type RewardContext } from '../src/index.js';
import { rowsOf } from './rows.js';

interface SentRow {
  readonly row: number;
  readonly read: string;
  readonly [column: string]: unknown;
}
interface Asked {
  readonly version: number;
  readonly reward: string;
  readonly rows: readonly SentRow[];
}
type Behavior = (asked: Asked, response: ServerResponse, request: IncomingMessage) => void;

const right: Behavior = ({ rows: sent }, response) =>
  response.end(JSON.stringify(sent.map(({ read }) => (read === '' ? null : read.length))));
const says =
  (text: string, status = 200, headers: Record<string, string> = {}): Behavior =>
  (_, response) =>
    response.writeHead(status, headers).end(text);

const silence: Behavior = () => undefined;
const endless: Behavior = (_, response) => void response.write('[1,');
const waits = new Set([silence, endless]);

let url: string;
let behaviors: Behavior[] = [];
let requests: { asked: Asked; headers: IncomingMessage['headers'] }[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const asked = JSON.parse(Buffer.concat(chunks).toString()) as Asked;
    requests.push({ asked, headers: request.headers });
    (behaviors.shift() ?? right)(asked, response, request);
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/reward`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  behaviors = [];
  requests = [];
});

const texts = ['a', 'bb', '', 'dddd', 'eeeee'];
const rows = rowsOf({ label: [1, 0, 1, 0, 1], read: texts });
const reward = (options: Partial<HttpRewardOptions> = {}) => httpReward({ url, pauseSeconds: 0, retries: 1, batchSize: 2, ...options });

test('rows go out in batches one after the other, and rewards come back in their order', async () => {
  expect(await reward({ name: 'judge' })(rows)).toEqual([1, 2, null, 4, 5]);
  expect(requests.map(({ asked }) => asked.rows.map(({ row }) => row))).toEqual([[0, 1], [2, 3], [4]]);
  const { asked, headers } = requests[0]!;
  expect(headers['content-type']).toBe('application/json');
  expect(asked).toMatchObject({ version: 1, reward: 'judge' });
  expect(asked.rows[1]).toEqual({
    row: 1,
    interactionId: 1,
    user: 1,
    prompt: 1,
    label: 0,
    item: rows.item[1],
    explanation: rows.explanation[1],
    read: 'bb',
    tokenCount: 12,
    finishReason: 'stop',
  });
});

test('labels and histories stay here where they are not to be sent', async () => {
  const history = texts.map(() => ({ liked: [], disliked: [] }));
  await reward()({ ...rows, history });
  expect(requests[0]!.asked.rows[0]).toMatchObject({ label: 1, history: history[0] });
  await reward({ sendLabel: false, sendHistory: false })({ ...rows, history });
  expect(Object.keys(requests.at(-1)!.asked.rows[0]!)).not.toContain('label');
  expect(Object.keys(requests.at(-1)!.asked.rows[0]!)).not.toContain('history');
});

describe('what may pass is asked again', () => {
  test.each<[string, Behavior]>([
    ['503', says('starting', 503)],
    ['429 with Retry-After', says('', 429, { 'retry-after': '0' })],
    ['429 with a date', says('', 429, { 'retry-after': new Date(0).toUTCString() })],
    ['500', says('trace', 500)],
    ['a connection that is dropped', (_, __, request) => request.socket.destroy()],
    [
      'half an answer',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('[1,');
        setTimeout(() => response.destroy(), 5);
      },
    ],
    ['silence', silence],
    ['an answer that never ends', endless],
  ])('%s', async (_, behavior) => {
    behaviors = [behavior];
    expect(await reward({ timeoutSeconds: waits.has(behavior) ? 1 : 60 })(rows)).toEqual([1, 2, null, 4, 5]);
    expect(requests.map(({ asked }) => asked.rows[0]!.row)).toEqual([0, 0, 2, 4]);
  });
});

describe('what lasts is an error that names the address, the rows and a remedy', () => {
  const everyTime = (behavior: Behavior): Behavior[] => [behavior, behavior];
  test.each<[string, Behavior[], string, RegExp]>([
    [
      '503 again and again',
      everyTime(says('busy', 503)),
      'REWARD_HTTP_STATUS',
      /rows 0 to 1: the server answered with status 503: busy \(tried 2 times\).*retries/,
    ],
    ['a wait of an hour', [says('', 429, { 'retry-after': '3600' })], 'REWARD_HTTP_STATUS', /asks to wait for 60 minutes/],
    ['silence', everyTime(silence), 'REWARD_HTTP_UNREACHABLE', /no answer within 0.1 seconds \(tried 2 times\).*batchSize/],
    ['dropped connections', everyTime((_, __, request) => request.socket.destroy()), 'REWARD_HTTP_UNREACHABLE', /cannot be asked/],
    ['404', [says('Not Found', 404)], 'REWARD_HTTP_STATUS', /status 404: Not Found/],
    ['401', [says('', 401)], 'REWARD_HTTP_STATUS', /rewards\.http\.headers/],
    ['a redirect', [says('', 302, { location: 'http://elsewhere/' })], 'REWARD_HTTP_STATUS', /not followed.*elsewhere/],
    ['204', [says('', 204)], 'REWARD_HTTP_STATUS', /status 204/],
    ['nothing', [says('')], 'REWARD_HTTP_ANSWER', /no JSON.*it is empty/],
    ['a page', [says('<html>login')], 'REWARD_HTTP_ANSWER', /no JSON.*<html>login/],
    ['NaN', [says('[NaN, 1]')], 'REWARD_HTTP_ANSWER', /NaN and Infinity are no JSON/],
    ['a number too large', [says('[1, 1e999]')], 'REWARD_HTTP_ANSWER', /row 1: the answer's value is/],
    ['an object', [says('{"rewards": [1, 2]}')], 'REWARD_HTTP_ANSWER', /the answer is an object/],
    ['null', [says('null')], 'REWARD_HTTP_ANSWER', /the answer is null/],
    ['too few', [says('[1]')], 'REWARD_HTTP_ANSWER', /has 1 values.*array of 2/],
    ['too many', [says('[1, 2, 3]')], 'REWARD_HTTP_ANSWER', /has 3 values/],
    ['a text among them', [right, says('[1, "2"]')], 'REWARD_HTTP_ANSWER', /row 3: the answer's value is "2"/],
    ['a list in a list', [says('[[1], 2]')], 'REWARD_HTTP_ANSWER', /row 0/],
    ['lists without end', [says('['.repeat(50_000))], 'REWARD_HTTP_ANSWER', /no JSON/],
    ['a huge body', [says(`[1, 2${' '.repeat(200_000)}]`)], 'REWARD_HTTP_ANSWER', /longer than 66,048 bytes/],
  ])('%s', async (_, given, code, message) => {
    behaviors = given;
    const error = await reward({ timeoutSeconds: waits.has(given[0]!) ? 0.1 : 60 })(rows).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code, where: expect.stringContaining(url) as string, remedy: expect.stringMatching(/\S/u) as string });
    expect((error as Error).message).toMatch(message);
    expect(behaviors).toEqual([]); // no try more than that
  });

  test('a body without end is not read to its end', async () => {
    let sent = 0;
    behaviors = [
      (_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(' '.repeat(10_000))) sent += 10_000;
        };
        response.on('drain', more);
        more();
      },
    ];
    await expect(reward()(rows)).rejects.toMatchObject({ code: 'REWARD_HTTP_ANSWER' });
    expect(sent).toBeLessThan(50_000_000);
  });

  test('a server that is not there', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    await expect(reward({ url: `http://127.0.0.1:${port}/?key=secret` })(rows)).rejects.toThrow(
      expect.objectContaining({ code: 'REWARD_HTTP_UNREACHABLE', message: expect.not.stringContaining('secret') as string }),
    );
  });
});

describe('as a part of a run', () => {
  const { options } = rewards.http;
  const create = (...args: Parameters<typeof rewards.http.create>) => rewards.http.create(...args);
  const context = (environment: Record<string, string>) =>
    ({ environment: (name: string) => environment[name] }) as unknown as RewardContext;

  test('headers have their values from the environment, and no message says them', async () => {
    const chosen = options.parse({ url, headers: { Authorization: 'REWARD_AUTH' } });
    expect(await create(context({ REWARD_AUTH: 'Bearer secret' }), chosen)(rows)).toEqual([1, 2, null, 4, 5]);
    expect(requests[0]!.headers.authorization).toBe('Bearer secret');
    expect(() => create(context({}), chosen)).toThrow(/REWARD_AUTH is not set/);
    expect(() => create(context({ REWARD_AUTH: 'secret\nX: y' }), chosen)).toThrow(
      expect.objectContaining({ code: 'REWARD_OPTION', message: expect.not.stringContaining('secret') as string }),
    );
  });

  test('an address that is none, and a secret in the configuration, are refused', () => {
    for (const bad of [null, 'localhost:8000/x', 'file:///etc/passwd', 'http://me:secret@127.0.0.1/'])
      expect(() => create(context({}), { ...options.parse({}), url: bad })).toThrow(
        expect.objectContaining({ code: 'REWARD_OPTION', message: expect.not.stringContaining('secret') as string }),
      );
    for (const bad of [
      { batchSize: 0 },
      { batchSize: 1.5 },
      { retries: -1 },
      { timeoutSeconds: 301 },
      { timeoutSeconds: NaN },
      { pauseSeconds: -1 },
    ])
      expect(() => reward(bad)).toThrow(expect.objectContaining({ code: 'REWARD_OPTION' }));
    expect(options.safeParse({ headers: { Authorization: 'Bearer secret' } }).success).toBe(false);
    expect(options.safeParse({ headers: { 'X y': 'A' } }).success).toBe(false);
  });
});
