import { relative, resolve, sep } from 'node:path';
import { Queue } from 'bullmq';
import { WorkerError } from '../errors.js';
import type { Chunk } from '../plan/chunks.js';
import type { RedisConnection } from './redis.js';

/** Name of the queue unless said otherwise. */
export const DEFAULT_QUEUE = 'expctr';

/** How often a chunk whose rows fail is tried before it counts as failed. */
export const ATTEMPTS = 3;

/** Milliseconds before a chunk that failed is tried again, doubled each time. */
const BACKOFF = 2000;

/** Chunks that go to Redis at once. */
const AT_ONCE = 1000;

/** What the queue holds of a chunk: a path and a range. Its key is the job's id, so that it stands in the queue once. */
export interface QueuedChunk {
  /** Folder of the plan, from the shared folder. */
  readonly folder: string;
  /** First row. */
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

/** A chunk that was tried and failed. */
export interface FailedChunk extends QueuedChunk {
  /** What its last attempt said. */
  readonly reason: string;
}

/** A chunk that is being made. */
export interface ActiveChunk extends QueuedChunk {
  /** Its key. */
  readonly key: string;
  /** Machine and process of the worker. */
  readonly by: string;
  /** Rows that it said were done. */
  readonly done: number;
}

/** How many chunks are where. */
export interface QueueCounts {
  /** Not begun, or to be tried again. */
  readonly waiting: number;
  /** Being made. */
  readonly active: number;
  /** Given up. */
  readonly failed: number;
}

/** The queue as those see it who put chunks in and look after them. */
export interface ChunkQueue {
  /** Puts chunks in, each once however often it is given; those that failed before are tried again. */
  add(folder: string, chunks: readonly Chunk[]): Promise<void>;
  /** How many chunks are where, of all jobs in the queue. */
  counts(): Promise<QueueCounts>;
  /** Chunks that are being made. @param most so many at most */
  active(most: number): Promise<ActiveChunk[]>;
  /** Failed chunks with the last reason. @param most so many at most */
  failed(most: number): Promise<FailedChunk[]>;
  /** Lets go of the queue; the connection stays open. */
  close(): Promise<void>;
}

/** Opens the queue of that name. */
export function chunkQueue({ client }: RedisConnection, name: string): ChunkQueue {
  const queue = new Queue<QueuedChunk, unknown, string>(name, { connection: client });
  queue.on('error', () => undefined); // the connection says it
  const options = {
    attempts: ATTEMPTS,
    backoff: { type: 'exponential', delay: BACKOFF },
    removeOnComplete: true, // the result is what says that it is done
    removeOnFail: false,
  };
  return {
    async add(folder, chunks) {
      const failed = new Map((await queue.getJobs('failed')).map((job) => [job.id, job]));
      const others = chunks.filter(({ key }) => !failed.has(key));
      for (let at = 0; at < others.length; at += AT_ONCE) {
        await queue.addBulk(
          others
            .slice(at, at + AT_ONCE)
            .map(({ key, from, to }) => ({ name: 'chunk', data: { folder, from, to }, opts: { ...options, jobId: key } })),
        );
      }
      for (const { key } of chunks) await failed.get(key)?.retry('failed', { resetAttemptsMade: true });
    },
    async counts() {
      const counts = await queue.getJobCounts('waiting', 'delayed', 'prioritized', 'active', 'failed');
      const of = (...states: readonly string[]): number => states.reduce((sum, state) => sum + counts[state]!, 0);
      return { waiting: of('waiting', 'delayed', 'prioritized'), active: of('active'), failed: of('failed') };
    },
    async active(most) {
      const jobs = await queue.getJobs('active', 0, most - 1);
      return jobs.map(({ id = '', data, processedBy: by = '', progress }) => ({
        ...data,
        key: id,
        by,
        done: typeof progress === 'number' ? progress : 0,
      }));
    },
    async failed(most) {
      return (await queue.getJobs('failed', 0, most - 1)).map(({ data, failedReason = '' }) => ({ ...data, reason: failedReason }));
    },
    close: () => queue.close(),
  };
}

/**
 * A plan's folder as the queue names it: from the shared folder, which every machine may have mounted elsewhere.
 * @throws WorkerError `WORKER_NOT_SHARED` where it lies outside
 */
export function toShared(shared: string, folder: string): string {
  const path = relative(resolve(shared), resolve(folder));
  if (path !== '' && !path.startsWith('..') && path !== resolve(folder)) return path.split(sep).join('/');
  throw new WorkerError('WORKER_NOT_SHARED', "the job's results do not lie below the shared folder", {
    where: folder,
    expected: `a folder below ${resolve(shared)}`,
    remedy: 'name by --shared the folder that all machines have, and put job and inputs there',
    wrongUse: true,
  });
}

/** Where the folder that a queue names is on this machine. @throws WorkerError `WORKER_NOT_SHARED` for one outside */
export function fromShared(shared: string, path: string): string {
  const folder = resolve(shared, path);
  toShared(shared, folder);
  return folder;
}
