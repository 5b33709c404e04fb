import { relative, sep } from 'node:path';
import { atMost } from '@expctr/core';
import { z } from 'zod';
import { SamplerError } from './errors.js';

/** Where the servers are and how patiently they are asked. */
export interface ServerOptions {
  /** Addresses of servers that run the same model; requests are spread over them. */
  readonly urls?: readonly string[];
  /** Requests under way on one server at a time. Default 64. */
  readonly concurrency?: number;
  /** Milliseconds for one whole answer. Default 600,000. */
  readonly timeoutMs?: number;
  /** Milliseconds for which one completion may fail again and again before the sampler gives up. Default 600,000. */
  readonly patienceMs?: number;
  /** Milliseconds for which a server is left alone after its first failure; each further pause is twice as long, up to 30 s. Default 500. */
  readonly pauseMs?: number;
  /** Whether each server's first answer with a version is compared with the base model's. Default true. */
  readonly verify?: boolean;
  /** Token ids are below it. Default: not checked beyond being ids. */
  readonly vocabularySize?: number | undefined;
  /** Where the servers see a folder of this machine. Default: at the same path. */
  readonly serverPath?: (folder: string) => string;
  /** Sent with every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the `fetch` of this process. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Servers that were started for a sampler. */
export interface Running {
  /** Their addresses. */
  readonly urls: readonly string[];
  /** Ends them. */
  stop(): Promise<void>;
}

/** @throws SamplerError `SAMPLER_OPTION` for no address, or what is none */
export function checkUrls(engine: string, urls: readonly string[]): void {
  const wrong = urls.find((url) => !URL.canParse(url) || !['http:', 'https:'].includes(new URL(url).protocol));
  if (urls.length > 0 && wrong === undefined) return;
  throw new SamplerError('SAMPLER_OPTION', wrong === undefined ? 'there are no servers' : `${JSON.stringify(wrong)} is no address`, {
    where: `${engine} sampler, urls`,
    expected: 'addresses such as http://localhost:8000',
    wrongUse: true,
  });
}

const seconds = (what: string) => z.number().positive().max(86_400, atMost(86_400, 'that is a day')).default(600).describe(what);

/** Options that the parts of all three engines have. */
export const patienceOptions = z.object({
  timeoutSeconds: seconds('seconds for one whole answer of a server; then another one is asked'),
  patienceSeconds: seconds('seconds for which no server may answer before the run stops at its last checkpoint'),
  verify: z
    .boolean()
    .default(true)
    .describe("whether a server's first answer with each version of the adapter is compared with the base model's, which must differ"),
});

/** Options of engines that load adapters while they run. */
export const serverOptions = (url: string) =>
  patienceOptions.extend({
    urls: z.array(z.url()).min(1).default([url]).describe('addresses of servers that run the same model; requests are spread over them'),
    concurrency: z
      .int()
      .min(1)
      .max(65_536, atMost(65_536, 'each is an open connection'))
      .default(64)
      .describe('requests under way on one server; it puts them into batches'),
    localFolder: z.string().default('').describe('a folder here that servers see at another path; empty = they see all at the same one'),
    serverFolder: z.string().default('').describe('where servers see sampler.localFolder'),
  });

/** Of the options in a configuration what a sampler takes. */
export function settingsOf(chosen: z.output<ReturnType<typeof serverOptions>>): ServerOptions {
  const { urls, concurrency, timeoutSeconds, patienceSeconds, verify, localFolder, serverFolder } = chosen;
  const patience = { timeoutMs: timeoutSeconds * 1000, patienceMs: patienceSeconds * 1000, verify };
  if (localFolder === '') return { urls, concurrency, ...patience };
  return {
    urls,
    concurrency,
    ...patience,
    serverPath: (folder) => `${serverFolder}/${relative(localFolder, folder).split(sep).join('/')}`,
  };
}
