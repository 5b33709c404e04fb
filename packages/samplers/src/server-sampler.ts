import { checkOptions, type OptionKeys } from '@expctr/core';
import type { Completion, Sampler, SamplingOptions, TokenIds } from '@expctr/language-model';
import { changesAnswers, type PublishedAdapter } from './adapter-facts.js';
import { complete, pieceRequest, type Made, type Task } from './complete.js';
import type { Call, Engine } from './engine.js';
import { PassingError, SamplerError } from './errors.js';
import { checkUrls, type Running, type ServerOptions } from './options.js';
import { createPool, type Replica } from './pool.js';
import type { Wire } from './request.js';
import { checkSupported } from './supported.js';
import { unreachable } from './unreachable.js';
import { verifyAdapter } from './verify.js';

const SERVER_OPTIONS: OptionKeys<ServerOptions> = {
  urls: true,
  concurrency: true,
  timeoutMs: true,
  patienceMs: true,
  pauseMs: true,
  verify: true,
  vocabularySize: true,
  serverPath: true,
  headers: true,
  fetch: true,
};

/** The longest that a server is waited for at the end. */
const GOODBYE_MS = 5000;

/** A sampler over servers of one engine. @param launch starts servers with an adapter, where the engine takes one only at its start */
export function createServerSampler(
  engine: Engine,
  options: ServerOptions,
  launch?: (adapter: PublishedAdapter | null) => Promise<Running>,
): Required<Sampler> {
  checkOptions(`${engine.name} sampler`, options, SERVER_OPTIONS);
  if (launch === undefined) checkUrls(engine.name, options.urls ?? []);
  const { urls = [], concurrency = 64, timeoutMs = 600_000, patienceMs = 600_000, pauseMs = 500, verify = true } = options;
  const { vocabularySize, serverPath = (folder: string) => folder, headers = {}, fetch = globalThis.fetch } = options;
  const wire: Wire = { timeoutMs, headers, fetch };
  const pool = createPool(urls, concurrency, pauseMs);
  /** All that ever were: a name is never used twice. */
  const published = new Map<string, PublishedAdapter & { readonly audible: boolean }>();
  const underWay = new Map<string | null, Set<Promise<unknown>>>();
  const ended = new AbortController();
  let current: string | null = null;
  let running: Running | undefined;
  let outdated: string[] = [];

  const callOf = ({ url }: Replica, signal: AbortSignal): Call => ({ url, wire, signal });

  /** Tries until a server has answered. @throws SamplerError `SAMPLER_UNREACHABLE` after `patienceMs` of failures */
  async function onSomeReplica<T>(signal: AbortSignal, work: (replica: Replica) => Promise<T>): Promise<T> {
    let firstFailure: number | undefined;
    let avoid: Replica | undefined;
    for (;;) {
      const replica = await pool.acquire(avoid, signal);
      try {
        const result = await work(replica);
        pool.succeeded(replica);
        return result;
      } catch (error) {
        if (!(error instanceof PassingError)) throw error;
        if (error.adapterGone) {
          replica.loaded.clear();
          replica.verified.clear();
        }
        pool.failed(replica, error);
        avoid = replica;
        firstFailure ??= performance.now();
        if (performance.now() - firstFailure > patienceMs) throw unreachable(engine.name, pool.replicas(), patienceMs, error);
      } finally {
        pool.release(replica);
      }
    }
  }

  const isPrepared = ({ verified, temperatureChecked }: Replica, { version, options: { temperature = 1 } }: Task): boolean =>
    (version === null || verified.has(version)) && (temperatureChecked || temperature === 0 || temperature === 1);

  /** Sees, once for all requests that wait for it, that the server has the adapter, answers with it, and reports what was asked for. */
  async function prepared(replica: Replica, task: Task): Promise<void> {
    while (!isPrepared(replica, task)) {
      replica.preparing ??= prepare(replica, task).finally(() => (replica.preparing = undefined));
      await replica.preparing;
    }
  }

  async function prepare(replica: Replica, task: Task): Promise<void> {
    const { prompt, version, options } = task;
    const call = callOf(replica, ended.signal);
    if (version !== null && !replica.verified.has(version)) {
      if (!replica.loaded.has(version)) await loadOn(replica, version);
      if (verify && published.get(version)!.audible) await verifyAdapter(engine, call, Array.from(prompt), version);
      replica.verified.add(version);
    }
    if (![0, 1, undefined].includes(options.temperature)) {
      await engine.checkTemperature?.(call, pieceRequest(task, [], 0));
      replica.temperatureChecked = true;
    }
  }

  async function loadOn(replica: Replica, version: string): Promise<void> {
    const again = replica.asked.has(version);
    replica.asked.add(version);
    await engine.load(callOf(replica, ended.signal), version, serverPath(published.get(version)!.folder), again);
    replica.loaded.add(version);
  }

  async function made(task: Task, signal: AbortSignal): Promise<Made> {
    return onSomeReplica(signal, async (replica) => {
      await prepared(replica, task);
      return complete(engine, callOf(replica, signal), task, vocabularySize);
    });
  }

  async function generate(prompts: readonly TokenIds[], settings: SamplingOptions): Promise<Completion[]> {
    const { completionsPerPrompt = 1, keys, maxNewTokens, onProgress, onCompletion, signal, adapter } = settings;
    checkSupported(engine, settings);
    signal?.throwIfAborted();
    if (typeof adapter === 'string') throw namedAdapter(engine.name, adapter);
    if (launch !== undefined && running === undefined) await start(null);
    const version = adapter === null ? null : current;
    const failed = new AbortController();
    const stop = AbortSignal.any([failed.signal, ended.signal, ...(signal === undefined ? [] : [signal])]);
    let done = 0;
    const tasks = prompts.flatMap((prompt, promptIndex) =>
      Array.from({ length: completionsPerPrompt }, async (_, completion): Promise<Completion> => {
        const task = { prompt, key: keys?.[promptIndex] ?? promptIndex, completion, options: settings, version };
        const { tokens, logProbs, finishReason } = await made(task, stop);
        onProgress?.((done += tokens.length), prompts.length * completionsPerPrompt * maxNewTokens);
        const named = version === null ? {} : { version };
        const whole = { promptIndex, tokens: Int32Array.from(tokens), logProbs: Float32Array.from(logProbs), finishReason, ...named };
        onCompletion?.(whole, completion);
        return whole;
      }),
    );
    const all = Promise.all(tasks).catch(async (error: unknown) => {
      failed.abort(error);
      await Promise.allSettled(tasks);
      throw error;
    });
    const same = underWay.get(version) ?? new Set();
    underWay.set(version, same.add(all));
    try {
      return await all;
    } finally {
      same.delete(all);
    }
  }

  async function publish(folder: string, version: string): Promise<void> {
    if (published.has(version)) throw usedTwice(engine.name, version);
    const before = current;
    const adapter = { folder, version };
    published.set(version, { ...adapter, audible: await changesAnswers(adapter) });
    if (launch === undefined) await loadOnAll(version);
    else await start(adapter);
    current = version;
    await Promise.allSettled([...(underWay.get(before) ?? [])]);
    if (before !== null && launch === undefined) await unload([...outdated, before], wire);
  }

  /** Every replica is told, for they know nothing of one another; one that is away gets it before its next request. */
  async function loadOnAll(version: string): Promise<void> {
    const results = await Promise.allSettled(pool.replicas().map((replica) => loadOn(replica, version)));
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    const lasting = failures.find((reason) => !(reason instanceof PassingError));
    if (lasting !== undefined) throw lasting;
    if (failures.length === results.length) await onSomeReplica(ended.signal, (replica) => loadOn(replica, version));
  }

  async function start(adapter: PublishedAdapter | null): Promise<void> {
    const old = running;
    running = await launch!(adapter);
    const requests = [...underWay.values()].flatMap((each) => [...each]);
    await Promise.allSettled(requests); // they end on the servers on which they began
    pool.replace(running.urls);
    await old?.stop();
  }

  /** What could not be unloaded is tried again at the next version: it holds the server's memory, and nothing else. */
  async function unload(versions: readonly string[], by: Wire): Promise<void> {
    const left = new Set<string>();
    const each = versions.flatMap((version) => pool.replicas().map((replica) => ({ version, replica })));
    await Promise.all(
      each.map(async ({ version, replica }) => {
        await engine.unload({ ...callOf(replica, ended.signal), wire: by }, version).catch((error: unknown) => {
          if (!(error instanceof PassingError)) throw error;
          left.add(version);
        });
      }),
    );
    outdated = [...left];
  }

  async function dispose(): Promise<void> {
    const brief = { ...wire, timeoutMs: Math.min(timeoutMs, GOODBYE_MS) };
    if (current !== null && launch === undefined) await unload([...outdated, current], brief).catch(() => undefined); // it may be gone
    ended.abort(new SamplerError('SAMPLER_DISPOSED', 'the sampler was let go', { where: engine.name, wrongUse: true }));
    await running?.stop();
  }

  return { generate, publish, dispose };
}

function namedAdapter(engine: string, adapter: string): SamplerError {
  return new SamplerError('SAMPLER_ADAPTER', `the server has no adapter ${JSON.stringify(adapter)} of this process`, {
    where: `${engine} sampler, generate`,
    expected: 'no adapter, for the one that was published last, or null for the base model',
    remedy: 'publish it first',
    wrongUse: true,
  });
}

function usedTwice(engine: string, version: string): SamplerError {
  return new SamplerError('SAMPLER_VERSION', `the version ${JSON.stringify(version)} was published before`, {
    where: `${engine} sampler, publish`,
    expected: 'a name that was never used: servers keep what they computed under a name',
    wrongUse: true,
  });
}
