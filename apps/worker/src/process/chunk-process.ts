// A process that makes chunks for a worker, one after the other, with the models kept in memory. The computing is here, so that the
// worker's own event loop stays free to renew the locks of its chunks, and so that a crash costs one chunk and no more.
import { ExpctrError, fileError } from '@expctr/core';
import { hubEnvironment, type HubOptions } from '@expctr/hub';
import type { Progress } from '@expctr/trainer';
import { makeChunk } from '../chunks/make-chunk.js';
import { chunkStore } from '../chunks/store.js';
import type { RowWork } from '../kinds/kind.js';
import { kinds } from '../kinds/table.js';
import { chunkOf } from '../plan/chunks.js';
import { readPlan, type PlacedPlan } from '../plan/plan.js';
import type { ChunkMessage, ChunkRequest, PlainError } from './messages.js';

/** An error of opening, which is this machine's and not the chunk's. */
class NotHere extends Error {}

type AnyWork = RowWork<{ readonly length: number }>;

let open: { readonly identity: string; readonly work: AnyWork } | null = null;

function send(message: ChunkMessage): void {
  process.send?.(message);
}

/** Rows done, said to the worker. */
const progress: Progress = {
  say: (text) => send({ type: 'say', text }),
  begin: () => ({ update: (done) => send({ type: 'rows', done }), done: () => undefined }),
};

async function workOf(placed: PlacedPlan, hub: HubOptions): Promise<AnyWork> {
  const identity = JSON.stringify(placed);
  if (open?.identity === identity) return open.work;
  try {
    await open?.work.close();
    open = null;
    open = { identity, work: await kinds[placed.plan.kind].open(placed, { hub, progress, signal: undefined }) };
    return open.work;
  } catch (error) {
    throw new NotHere('', { cause: error });
  }
}

async function answer(request: ChunkRequest, hub: HubOptions): Promise<ChunkMessage> {
  try {
    const placed = await readPlan(request.folder).catch((error: unknown) => {
      throw new NotHere('', { cause: error });
    });
    const chunk = chunkOf(placed.plan, request.from, request.to);
    // a plan that was made anew has other chunks
    if (chunk.key !== request.key) return { type: 'done', outcome: 'obsolete' };
    const outcome = await makeChunk(
      placed,
      chunkStore(placed.folder),
      chunk,
      () => workOf(placed, hub),
      (text) => progress.say(text),
    );
    return { type: 'done', outcome };
  } catch (error) {
    const here = error instanceof NotHere;
    return { type: 'failed', here, error: plainError(here ? error.cause : error) };
  }
}

/** What of an error another process can be told. */
function plainError(thrown: unknown): PlainError {
  const error = fileError(thrown);
  if (error instanceof ExpctrError) return { code: error.code, message: error.message, wrongUse: error.wrongUse };
  return { code: 'WORKER_CRASH', message: error instanceof Error ? (error.stack ?? error.message) : String(error), wrongUse: false };
}

// Ctrl-C on a terminal reaches every process: the worker decides what becomes of the chunk
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.once('disconnect', () => process.exit(0)); // the worker is gone
const hub = await hubEnvironment(process.env);
process.on('message', (request: ChunkRequest) => void answer(request, hub).then(send));
send({ type: 'ready' });
