import { ChildDied, scriptBeside, startChild, type Child } from '@expctr/app-kit';
import { WorkerError } from '../errors.js';
import type { ChunkMessage, ChunkRequest, PlainError } from './messages.js';

/** How a chunk ended. */
export type ChunkEnd = Extract<ChunkMessage, { readonly type: 'done' | 'failed' }>;

/** What a chunk process says while it works. */
export interface ChunkListener {
  say(text: string): void;
  rows(done: number): void;
}

/** A process that makes chunks, started when it is first needed and again after it died. */
export interface ChunkRunner {
  /** @throws WorkerError `WORKER_PROCESS_DIED` */
  make(request: ChunkRequest, listener: ChunkListener): Promise<ChunkEnd>;
  /** Ends the process, whatever it is doing. */
  kill(): void;
}

/** @param script for tests */
export function chunkRunner(script: URL = scriptBeside(import.meta.url, 'chunk-process')): ChunkRunner {
  let child: Child<ChunkRequest, ChunkMessage> | null = null;
  return {
    async make(request, listener) {
      if (child === null || child.hasEnded()) child = startChild(script);
      const isEnd = (message: ChunkMessage): message is ChunkEnd => message.type === 'done' || message.type === 'failed';
      try {
        return await child.ask(request, isEnd, (message) => {
          if (message.type === 'say') listener.say(message.text);
          if (message.type === 'rows') listener.rows(message.done);
        });
      } catch (cause) {
        throw cause instanceof ChildDied ? processDied(request, cause) : cause;
      }
    },
    kill() {
      void child?.end();
      child = null;
    },
  };
}

function processDied({ from, to }: ChunkRequest, cause: ChildDied): WorkerError {
  const last = cause.lastWords.split('\n').at(-1) ?? '';
  return new WorkerError('WORKER_PROCESS_DIED', `the process that computes ${cause.message}${last === '' ? '' : `; it said: ${last}`}`, {
    where: `rows ${from} to ${to}`,
    remedy:
      cause.signal === 'SIGKILL'
        ? 'the system does that where memory runs out: lower --concurrency, llm.batchSize or chunkRows'
        : 'run the rows alone with expctr-worker run --local to see more',
    cause,
  });
}

/** An error that another process told of, as one of this process. */
export function errorFrom({ code, message, wrongUse }: PlainError): WorkerError {
  return new WorkerError(code, message, { wrongUse });
}
