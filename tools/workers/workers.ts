// Two workers on a real Redis: one is killed in the middle of a chunk, one is paused past its lock and goes on. What they leave has to
// hold every row once, and to be the same bytes as a run in one process without Redis.
// usage: npm run workers -- [--redis-server redis-server] [--lock 5]
//   --redis-server PROGRAM  where redis-server is (Debian: apt-get install redis-server)
//   --lock SECONDS          after which a worker without a sign of life loses its chunk
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@expctr/core';
import { readTable } from '@expctr/data';
import { chunkQueue, chunksOf, chunkStore, connectRedis, readPlan, type ActiveChunk, type ChunkQueue } from '@expctr/worker';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { processor } from '../common/measure.js';
import { printed, scriptCommand } from '../common/scripts.js';
import { redisVersion, startRedis } from './redis-server.js';
import { startWorker, type StartedWorker } from './started-worker.js';
import { KINDS, writeJobs } from './write-jobs.js';

const { values } = toolArguments({
  'redis-server': { type: 'string', default: 'redis-server' },
  lock: { type: 'string', default: '5' },
});
const lock = wholeNumber('--lock', values.lock);
const program = values['redis-server'];
const version = redisVersion(program);
if (version === null) {
  wrongUse(
    `there is no ${program}: install it (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis), or name it by --redis-server`,
  );
}

const begun = performance.now();
const failures: string[] = [];
const print = (text: string): void =>
  void process.stdout.write(`[${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s] ${text}\n`);
function check(what: string, holds: boolean): void {
  print(`${holds ? 'ok    ' : 'FAILED'} ${what}`);
  if (!holds) failures.push(what);
}
const cli = (...args: readonly string[]): Promise<string> => printed(scriptCommand(join(import.meta.dirname, 'process.ts')), ...args);
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits for what `look` finds. */
async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const patience = 600_000;
  for (const start = performance.now(); performance.now() - start < patience; await pause(20)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} did not come to be`);
}

const folder = await mkdtemp(join(tmpdir(), 'expctr-workers-'));
const redis = await startRedis(program, folder, 'noeviction');
const workers: StartedWorker[] = [];
try {
  print(`redis-server ${version} at ${redis.url}; ${processor()}`);
  await inOneProcess();
  await onTwoWorkers();
  await theOtherKinds();
  await onEvictingRedis();
} finally {
  for (const worker of workers) if ((await Promise.race([worker.ended, pause(0)])) === undefined) worker.signal('SIGKILL');
  redis.stop();
  await rm(folder, { recursive: true, force: true });
}
print(`${failures.length} failures`);
process.exitCode = failures.length > 0 ? 1 : 0;

/** The reference: the same jobs, without Redis. */
async function inOneProcess(): Promise<void> {
  const alone = join(folder, 'alone');
  await writeJobs(alone);
  await cp(alone, join(folder, 'shared'), { recursive: true });
  for (const kind of KINDS) print((await cli('run', join(alone, `${kind}.json`), '--local')).trim().split('\n').join('; '));
}

async function onTwoWorkers(): Promise<void> {
  const shared = join(folder, 'shared');
  const job = join(shared, 'explain.json');
  const place = ['--redis', redis.url, '--shared', shared];
  print((await cli('submit', job, ...place)).trim().split('\n').at(-1)!);
  const placed = await readPlan(join(shared, 'explain'));
  const store = chunkStore(placed.folder);
  const connection = await connectRedis(redis.url, print);
  const queue = chunkQueue(connection, 'expctr');
  try {
    await giveBack(queue, place, chunksOf(placed.plan).length);
    const [a, b] = ['A', 'B'].map((name) => startWorker(name, ['work', ...place, '--lock', String(lock)], print)) as [
      StartedWorker,
      StartedWorker,
    ];
    workers.push(a, b);
    const paused = await until('B in the middle of a chunk', () => inTheMiddle(queue, b));
    b.signal('SIGSTOP');
    print(
      `B is paused (SIGSTOP) in rows ${paused.from} to ${paused.to}, of which it has ${paused.done}, for longer than its lock of ${lock} s`,
    );
    check('the chunk of the paused worker has no result yet', !(await store.has(paused)));
    await until("B's chunk by A", async () => ((await store.has(paused)) ? true : undefined));
    print(`A has made rows ${paused.from} to ${paused.to} in the place of B`);
    const taken = sha256(await readFile(store.file(paused)));
    b.signal('SIGCONT');
    print('B goes on (SIGCONT)');
    await until('B to notice', () =>
      Promise.resolve(b.said.some((line) => line.includes(`rows ${paused.from} to ${paused.to} `)) || undefined),
    );
    check('the result of the worker that was faster still counts', sha256(await readFile(store.file(paused))) === taken);

    const killed = await until('A in the middle of a chunk', () => inTheMiddle(queue, a));
    a.signal('SIGKILL');
    check('A was ended by SIGKILL', (await a.ended) === 'SIGKILL');
    check(`A left rows ${killed.from} to ${killed.to}, of which it had ${killed.done}, without a result`, !(await store.has(killed)));
    check('B ends with status 0 when nothing is left', (await b.ended) === 0);
    check(
      'B was late with one chunk',
      b.said.some((line) => line.includes('made by another')),
    );
    const counts = await queue.counts();
    check('nothing waits, is being made or failed', counts.waiting + counts.active + counts.failed === 0);
    print((await cli('status', job, '--redis', redis.url)).trim().split('\n').join('; '));
  } finally {
    await queue.close();
    connection.close();
  }
  await sameBytes('explain', job);
  const ids = (await readTable(tableOf('shared', 'explain'))).getChild('interaction_id')!.toArray() as Uint32Array;
  const [from, to] = placed.plan.rows;
  check(`every row of ${to - from} stands there once, in order`, ids.length === to - from && ids.every((id, at) => id === from + at));
  check(`${chunksOf(placed.plan).length} chunks left no attempt behind`, !existsSync(join(placed.folder, 'attempts')));
}

/** Reading and encoding what was explained, both jobs in one queue, two chunks at a time. */
async function theOtherKinds(): Promise<void> {
  const shared = join(folder, 'shared');
  const place = ['--redis', redis.url, '--shared', shared];
  for (const kind of ['read', 'encode']) print((await cli('submit', join(shared, `${kind}.json`), ...place)).trim().split('\n').at(-1)!);
  print(`C: ${(await cli('work', ...place, '--concurrency', '2')).trim()}`);
  for (const kind of ['read', 'encode']) await sameBytes(kind, join(shared, `${kind}.json`));
}

/** A worker that is told to end at once, as a container is, gives its chunk back. */
async function giveBack(queue: ChunkQueue, place: readonly string[], chunks: number): Promise<void> {
  check(`${chunks} chunks are waiting`, (await queue.counts()).waiting === chunks);
  const worker = startWorker('0', ['work', ...place, '--lock', String(lock)], print);
  workers.push(worker);
  await until('a worker in the middle of a chunk', () => inTheMiddle(queue, worker));
  const before = await queue.counts(); // it may have made some by now
  worker.signal('SIGTERM');
  check('a worker ends by SIGTERM with status 130', (await worker.ended) === 130);
  const { waiting, active } = await queue.counts();
  check('and its chunk waits again', before.active === 1 && waiting === before.waiting + 1 && active === 0);
}

function tableOf(where: 'shared' | 'alone', kind: string): string {
  return join(folder, where, kind, `${kind}.arrow`);
}

/** Joins a job that is done, and compares. */
async function sameBytes(kind: string, job: string): Promise<void> {
  print((await cli('join', job)).trim());
  const [one, other] = [sha256(await readFile(tableOf('shared', kind))), sha256(await readFile(tableOf('alone', kind)))];
  check(`${kind}: the bytes are those of the run without Redis (SHA-256 ${one.slice(0, 16)}… and ${other.slice(0, 16)}…)`, one === other);
}

/** A Redis that may lose what waits is refused. */
async function onEvictingRedis(): Promise<void> {
  const other = await startRedis(program, await mkdtemp(join(folder, 'evicting-')), 'allkeys-lru');
  try {
    const refused = await cli('work', '--redis', other.url).then(
      () => '',
      (error: Error) => error.message,
    );
    check(
      'a Redis with maxmemory-policy allkeys-lru is refused by name',
      refused.includes('WORKER_REDIS_EVICTS') && refused.includes('allkeys-lru'),
    );
  } finally {
    other.stop();
  }
}

/** The chunk that a worker is making, once it has said that some of its rows are done. */
async function inTheMiddle(queue: ChunkQueue, { pid }: StartedWorker): Promise<ActiveChunk | undefined> {
  return (await queue.active(100)).find(({ by, done, from, to }) => by.endsWith(`:${pid}`) && done > 0 && done < to - from);
}
