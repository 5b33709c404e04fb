import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { fromShared, toShared } from '../src/queue/chunk-queue.js';
import { connectRedis, shownUrl } from '../src/queue/redis.js';

let server: Server | undefined;
afterEach(() => void server?.close());

/** A server that speaks just enough of Redis' protocol to say how it treats its memory. */
async function redisWith(memory: string): Promise<string> {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      for (const command of data.toString().split(/(?=\*\d+\r\n)/u)) {
        const text = /\binfo\b/iu.test(command) ? (/memory/iu.test(command) ? memory : 'redis_version:7.0.0\r\nloading:0\r\n') : null;
        socket.write(text === null ? '+PONG\r\n' : `$${text.length}\r\n${text}\r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a Redis that may evict keys is refused by its policy, with the remedy', async () => {
  const url = await redisWith('maxmemory_policy:allkeys-lru\r\n');
  await expect(connectRedis(url, () => undefined)).rejects.toMatchObject({
    code: 'WORKER_REDIS_EVICTS',
    wrongUse: true,
    message: expect.stringMatching(/allkeys-lru.*noeviction/u) as string,
  });
});

test('a Redis that does not say is refused, one with noeviction is taken', async () => {
  await expect(connectRedis(await redisWith('used_memory:1\r\n'), () => undefined)).rejects.toMatchObject({ code: 'WORKER_REDIS_EVICTS' });
  server?.close();
  const connection = await connectRedis(await redisWith('used_memory:1\r\nmaxmemory_policy:noeviction\r\n'), () => undefined);
  connection.close();
});

test('a Redis out of reach, or one that says nothing, is named without its password, and how to get one', async () => {
  const expected = { code: 'WORKER_NO_REDIS', wrongUse: true, message: expect.stringMatching(/redis-server.*--local/u) as string };
  await expect(connectRedis('redis://:secret@127.0.0.1:1', () => undefined)).rejects.toMatchObject(expected);
  const refused = await connectRedis('redis://:secret@127.0.0.1:1', () => undefined).catch((error: Error) => error.message);
  expect(refused).not.toContain('secret');
  server = createServer(() => undefined);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const silent = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await expect(connectRedis(silent, () => undefined, 100)).rejects.toMatchObject(expected);
});

test.each(['', 'localhost:6379', 'http://127.0.0.1', 'redis'])('%j is no address of Redis', (url) => {
  expect(() => shownUrl(url)).toThrow(expect.objectContaining({ code: 'WORKER_REDIS_URL' }) as Error);
});

test('a queue names folders from the shared one, and leads to none outside', () => {
  expect(toShared('/mnt/shared', '/mnt/shared/jobs/one')).toBe('jobs/one');
  expect(fromShared('/other/place', 'jobs/one')).toBe('/other/place/jobs/one');
  for (const outside of ['/mnt/elsewhere', '/mnt', '/mnt/shared', '/mnt/sharedx/one']) {
    expect(() => toShared('/mnt/shared', outside)).toThrow(expect.objectContaining({ code: 'WORKER_NOT_SHARED' }) as Error);
  }
  for (const hostile of ['../elsewhere', '/etc', '..', 'a/../../b', '']) {
    expect(() => fromShared('/mnt/shared', hostile)).toThrow(expect.objectContaining({ code: 'WORKER_NOT_SHARED' }) as Error);
  }
});
