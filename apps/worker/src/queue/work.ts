import { hostname } from 'node:os';
import { WaitingError, Worker, type Job } from 'bullmq';
import type { Outcome } from '../chunks/make-chunk.js';
import type { WorkerError } from '../errors.js';
import { chunkRunner, errorFrom, type ChunkEnd, type ChunkRunner } from '../process/chunk-runner.js';
import { chunkQueue, fromShared, type QueuedChunk } from './chunk-queue.js';
import type { RedisConnection } from './redis.js';

/** Machines that may die over one chunk before it counts as failed. */
const DEATHS = 10;

/** Milliseconds between two looks whether anything is left to do. */
const LOOK = 500;

/** Milliseconds between two words of how far a chunk is. */
const PROGRESS = 1000;

/** Milliseconds that Redis has for taking chunks back. */
const FAREWELL = 5000;

/** Options of {@link work}. */
export interface WorkOptions {
  readonly queue: string;
  /** Folder that all machines have. */
  readonly shared: string;
  /** Chunks at a time, each in a process of its own. */
  readonly concurrency: number;
  /** Seconds without a sign of life after which another worker takes a chunk. */
  readonly lock: number;
  /** Whether to stay when nothing is left. */
  readonly wait: boolean;
  readonly say: (text: string) => void;
  /** Aborted: takes no more chunks, and ends when those under way are done. */
  readonly stop: AbortSignal;
  /** Aborted: gives the chunks under way back at once. */
  readonly giveBack: AbortSignal;
  /** For tests. */
  readonly runner?: () => ChunkRunner;
}

/** What a worker did, in chunks. */
export type WorkSummary = Readonly<Record<Outcome | 'obsolete' | 'failed' | 'back', number>> & {
  readonly rows: number;
  /** Why it stopped early: what it needs is not on this machine. */
  readonly broken: WorkerError | null;
};

/**
 * Takes chunks from the queue until none is waiting or being made anywhere, or until it is told to stop. The computing is in other
 * processes, so the locks of the chunks are renewed however busy these are. A worker that cannot open models or inputs gives its chunk
 * back and ends: other machines may have them.
 */
export async function work(connection: RedisConnection, options: WorkOptions): Promise<WorkSummary> {
  const { say, stop, giveBack, concurrency } = options;
  const counts = { found: 0, made: 0, late: 0, obsolete: 0, failed: 0, back: 0, rows: 0 };
  const free = Array.from({ length: concurrency }, options.runner ?? chunkRunner);
  const runners = [...free];
  let broken: WorkerError | null = null;
  let noMore: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (noMore = resolve));
  stop.addEventListener('abort', noMore, { once: true });
  if (stop.aborted) noMore();

  const returned = async (job: Job<QueuedChunk>, token: string | undefined): Promise<never> => {
    counts.back += 1;
    if (job.progress !== 0) await job.updateProgress(0).catch(() => undefined);
    await job.moveToWait(token).catch(() => undefined); // its lock is lost: another worker has it
    throw new WaitingError();
  };

  const makeChunk = async (job: Job<QueuedChunk>, token?: string): Promise<void> => {
    const { from, to } = job.data;
    if (giveBack.aborted || broken !== null) return returned(job, token);
    const runner = free.pop()!;
    const started = performance.now();
    if (job.progress !== 0) job.updateProgress(0).catch(() => undefined); // an earlier attempt may have come further
    try {
      const request = { folder: fromShared(options.shared, job.data.folder), key: job.id!, from, to };
      const end = await untilAborted(giveBack, runner.make(request, { say, rows: progressOf(job) }));
      if (end === null) {
        runner.kill();
        say(`rows ${from} to ${to} given back`);
        return await returned(job, token);
      }
      if (end.type === 'failed' && end.here) {
        broken ??= errorFrom(end.error);
        noMore();
        return await returned(job, token);
      }
      if (end.type === 'failed') throw errorFrom(end.error);
      counts[end.outcome] += 1;
      if (end.outcome === 'made') counts.rows += to - from;
      say(endText(from, to, end, performance.now() - started));
    } finally {
      free.push(runner);
    }
  };

  const worker = new Worker<QueuedChunk, void>(options.queue, makeChunk, {
    connection: connection.client,
    name: `${hostname()}:${process.pid}`,
    concurrency,
    lockDuration: options.lock * 1000,
    stalledInterval: options.lock * 1000,
    maxStalledCount: DEATHS,
  });
  worker.on('error', () => undefined); // a lost connection is said by the connection, a lost lock below
  const lost = new Set<string>();
  worker.on('lockRenewalFailed', (keys) => {
    if (keys.every((key) => lost.has(key))) return; // it is said at every attempt to renew it
    for (const key of keys) lost.add(key);
    say('warning: a lock was lost; another worker may make that chunk, too, and the first result counts');
  });
  worker.on('stalled', () => say('a worker gave no sign of life: its chunk is waiting again'));
  worker.on('failed', (job, error) => {
    if (job === undefined) return;
    const last = job.attemptsMade >= (job.opts.attempts ?? 1);
    if (last) counts.failed += 1;
    say(`rows ${job.data.from} to ${job.data.to} failed${last ? '' : ', and will be tried again'}: ${error.message}`);
  });
  if (!options.wait) void untilNothingLeft(connection, options.queue, ended).then(noMore);
  try {
    await ended;
    await Promise.race([worker.close(), whenAborted(giveBack).then(() => pause(FAREWELL))]);
  } finally {
    for (const runner of runners) runner.kill();
  }
  return { ...counts, broken };
}

/** Says in the queue how far a chunk is: at once when its first rows are done, then now and then. */
function progressOf(job: Job<QueuedChunk>): (done: number) => void {
  let due = 0;
  return (done) => {
    if (performance.now() < due) return;
    due = performance.now() + PROGRESS;
    job.updateProgress(done).catch(() => undefined); // Redis is gone for now
  };
}

/** Resolves when no chunk is waiting or being made by anybody. */
async function untilNothingLeft(connection: RedisConnection, name: string, ended: Promise<void>): Promise<void> {
  const queue = chunkQueue(connection, name);
  let over = false;
  void ended.then(() => (over = true));
  while (!over) {
    const counts = await queue.counts().catch(() => null); // Redis is gone for now
    if (counts !== null && counts.waiting + counts.active === 0) break;
    await pause(LOOK);
  }
  await queue.close().catch(() => undefined);
}

function endText(from: number, to: number, { outcome }: Extract<ChunkEnd, { type: 'done' }>, milliseconds: number): string {
  const seconds = milliseconds / 1000;
  const how = {
    made: `made in ${seconds.toFixed(1)} s, ${((to - from) / seconds).toPrecision(3)} rows/s`,
    found: 'were there already',
    late: 'were made by another worker meanwhile: its result counts',
    obsolete: 'belong to an earlier plan, and are left out',
  }[outcome];
  return `rows ${from} to ${to} ${how}`;
}

/** What is promised, or null where the signal comes first. */
function untilAborted<T>(signal: AbortSignal, promised: Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => resolve(null);
    signal.addEventListener('abort', aborted, { once: true });
    // a signal lives as long as the worker: what waited for it is taken off again
    void promised.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
