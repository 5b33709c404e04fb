import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
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

/** Kept for the message where a process dies with something to say. */
const LAST_WORDS = 2000;

/** @param env variables of the process @param script for tests */
export function chunkRunner(script: URL = chunkProcess()): ChunkRunner {
  let child: ChildProcess | null = null;
  let words = '';

  function start(): ChildProcess {
    const started = fork(fileURLToPath(script), [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    words = '';
    started.stderr?.on('data', (text: Buffer) => (words = (words + text.toString()).slice(-LAST_WORDS)));
    started.once('exit', () => {
      if (child === started) child = null;
    });
    return started;
  }

  return {
    make(request, listener) {
      const running = (child ??= start());
      return new Promise((resolve, reject) => {
        const settle = (): void => {
          running.off('message', hear);
          running.off('exit', died);
          running.off('error', reject);
        };
        const hear = (message: ChunkMessage): void => {
          if (message.type === 'say') listener.say(message.text);
          if (message.type === 'rows') listener.rows(message.done);
          if (message.type !== 'done' && message.type !== 'failed') return;
          settle();
          resolve(message);
        };
        const died = (code: number | null, signal: string | null): void => {
          settle();
          reject(processDied(request, code, signal, words));
        };
        running.on('message', hear);
        running.once('exit', died);
        running.once('error', reject);
        running.send(request);
      });
    },
    kill() {
      child?.kill('SIGKILL');
      child = null;
    },
  };
}

/** The same file as source and as built. */
function chunkProcess(): URL {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./chunk-process.${ending}`, import.meta.url);
}

function processDied({ from, to }: ChunkRequest, code: number | null, signal: string | null, words: string): WorkerError {
  const last = words.trim().split('\n').at(-1) ?? '';
  return new WorkerError(
    'WORKER_PROCESS_DIED',
    `the process that computes was ended ${signal === null ? `with status ${code}` : `by ${signal}`}${last === '' ? '' : `; it said: ${last}`}`,
    {
      where: `rows ${from} to ${to}`,
      remedy:
        signal === 'SIGKILL'
          ? 'the system does that where memory runs out: lower --concurrency, llm.batchSize or chunkRows'
          : 'run the rows alone with expctr-worker run --local to see more',
    },
  );
}

/** An error that another process told of, as one of this process. */
export function errorFrom({ code, message, wrongUse }: PlainError): WorkerError {
  return new WorkerError(code, message, { wrongUse });
}
