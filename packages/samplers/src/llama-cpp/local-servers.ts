import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from '@expctr/core';
import { freePort } from '@expctr/core/node';
import type { PublishedAdapter } from '../adapter-facts.js';
import { SamplerError } from '../errors.js';
import type { Running } from '../options.js';

/** Servers of llama.cpp on this machine. */
export interface LocalServers {
  /** The program `llama-server`: a path, or a name that is on the PATH. */
  readonly server: string;
  /** The base model, a `.gguf` file. */
  readonly model: string;
  /** Processes. Each has weights of its own only where the system does not share the file's pages. Default 1. */
  readonly replicas?: number;
  /** Completions that one process makes at a time. Default 8. */
  readonly slots?: number;
  /** Tokens of prompt and completion together. Default 2048. */
  readonly context?: number;
  /** Threads of one process; 0 = as many as llama.cpp takes. Default 0. */
  readonly threads?: number;
  /** More arguments of `llama-server`. */
  readonly extraArguments?: readonly string[];
  /** Milliseconds that a server may take until it answers. Default 120,000. */
  readonly startMs?: number;
}

/** Pause before a process that ended by itself is started again. */
const RESTART_MS = 1000;
/** A server's last words that an error quotes. */
const QUOTED = 600;

/**
 * Starts llama.cpp's servers with an adapter, which they take only at their start: each version is servers of its own, and the older
 * ones are ended when theirs is over. A process that ends by itself is started again.
 */
export function localServers(options: LocalServers): (adapter: PublishedAdapter | null) => Promise<Running> {
  const { replicas = 1 } = options;
  return async (adapter) => {
    const folder = await mkdtemp(join(tmpdir(), 'expctr-llama-cpp-'));
    const started: Started[] = [];
    const stop = async (): Promise<void> => {
      await Promise.all(started.map((each) => each.stop()));
      await rm(folder, { recursive: true, force: true });
    };
    try {
      const file = adapter === null ? null : join(folder, `${adapter.version}.gguf`);
      if (adapter !== null) await convert(adapter.folder, file!, options.model);
      for (let i = 0; i < replicas; i += 1) started.push(startOne(options, file, await freePort()));
      await Promise.all(started.map((each) => each.answers()));
    } catch (error) {
      await stop();
      throw error;
    }
    return { urls: started.map(({ url }) => url), stop };
  };
}

async function convert(folder: string, file: string, model: string): Promise<void> {
  // with the families of models comes TensorFlow.js, which nobody else here needs
  const { loadAdapter, saveGgufAdapter } = await import('@expctr/llm-lora');
  await saveGgufAdapter(file, await loadAdapter(folder), { model });
}

interface Started {
  readonly url: string;
  answers(): Promise<void>;
  stop(): Promise<void>;
}

function startOne(options: LocalServers, adapter: string | null, port: number): Started {
  const { server, startMs = 120_000 } = options;
  const url = `http://127.0.0.1:${port}`;
  let said = '';
  let child: ChildProcess;
  let ended: string | undefined;
  let stopping = false;

  function start(): void {
    ended = undefined;
    child = spawn(server, argumentsOf(options, adapter, port), { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (piece: Buffer) => (said = (said + String(piece)).slice(-QUOTED)));
    child.once('error', (error) => (ended = reasonOf(error)));
    child.once('exit', (code, signal) => {
      ended = code === null ? `ended by ${signal}` : `ended with status ${code}`;
      if (!stopping && answered) void sleep(RESTART_MS, undefined, { ref: false }).then(() => (stopping ? undefined : start()));
    });
  }

  let answered = false;
  async function answers(): Promise<void> {
    const deadline = performance.now() + startMs;
    for (;;) {
      const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
      await response?.text().catch(() => undefined);
      if (response?.ok === true && ended === undefined) break;
      if (ended !== undefined || performance.now() > deadline) throw notStarted(server, ended ?? `no answer in ${startMs / 1000} s`, said);
      await sleep(100);
    }
    answered = true;
  }

  async function stop(): Promise<void> {
    stopping = true;
    if (ended !== undefined) return;
    const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), 5000);
    await over;
    clearTimeout(kill);
  }

  start();
  return { url, answers, stop };
}

function argumentsOf(
  { model, slots = 8, context = 2048, threads = 0, extraArguments = [] }: LocalServers,
  adapter: string | null,
  port: number,
) {
  return [
    ...['--model', model, '--host', '127.0.0.1', '--port', String(port)],
    ...['--parallel', String(slots), '--ctx-size', String(slots * context)],
    ...(threads === 0 ? [] : ['--threads', String(threads)]),
    ...(adapter === null ? [] : ['--lora', adapter]),
    ...extraArguments,
  ];
}

function notStarted(server: string, why: string, said: string): SamplerError {
  return new SamplerError('SAMPLER_START', `the server does not start (${why})`, {
    where: server,
    expected: 'a llama-server that answers /health',
    remedy: said === '' ? 'check the path of the program (sampler.server)' : `see its last words: ${said.trim()}`,
  });
}
