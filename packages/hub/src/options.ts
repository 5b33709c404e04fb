import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { checkOptions, type OptionKeys } from '@expctr/core';
import { HubError } from './errors.js';

/** How far a download is. */
export interface DownloadProgress {
  /** `owner/name`. */
  readonly model: string;
  /** The file that is being fetched. */
  readonly file: string;
  /** Bytes that have arrived, those of an earlier try included. */
  readonly bytes: number;
  /** Bytes of all files that are fetched together. A model with an index comes in two such lots. */
  readonly total: number;
}

/** Where models come from and where they are kept. Nothing here is read from the environment: see {@link hubEnvironment}. */
export interface HubOptions {
  /** The server: the hub, or a mirror of it. Default `https://huggingface.co`. */
  readonly endpoint?: string;
  /** Folder of the models, laid out as Python's huggingface_hub does it. Default `~/.cache/huggingface/hub`. */
  readonly cacheDir?: string;
  /** Never touch the network: a model has to be in the cache. Default false. */
  readonly offline?: boolean;
  /** Access token for private and gated models. It is sent to the endpoint alone, never to a server that this one redirects to. */
  readonly token?: string;
  /** Abort it to stop; what has arrived is kept for the next time. */
  readonly signal?: AbortSignal;
  /** Called as bytes arrive. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Milliseconds without a byte after which a connection counts as broken. Default 30,000. */
  readonly idleMs?: number;
  /** Milliseconds before the second try; each further pause is twice as long. Default 1,000. */
  readonly pauseMs?: number;
  /** Default: the `fetch` of this process; another one may go through a proxy. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Options with nothing left open. */
export interface Hub {
  readonly endpoint: string;
  readonly cacheDir: string;
  readonly offline: boolean;
  readonly token: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: DownloadProgress) => void;
  readonly idleMs: number;
  readonly pauseMs: number;
  readonly fetch: typeof globalThis.fetch;
}

const KEYS: OptionKeys<HubOptions> = {
  endpoint: true,
  cacheDir: true,
  offline: true,
  token: true,
  signal: true,
  onProgress: true,
  idleMs: true,
  pauseMs: true,
  fetch: true,
};

/** @throws OptionsError for an option that is none @throws HubError `HUB_OPTION` for an endpoint or token that cannot be one */
export function completeOptions(options: HubOptions): Hub {
  checkOptions('options of the hub', options, KEYS);
  const { endpoint = 'https://huggingface.co', token } = options;
  const address = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (address === null || !['http:', 'https:'].includes(address.protocol) || address.search !== '' || address.hash !== '') {
    throw new HubError('HUB_OPTION', `the endpoint ${JSON.stringify(endpoint)} is not the address of a server`, {
      where: 'endpoint (HF_ENDPOINT)',
      expected: 'an address such as https://huggingface.co',
      remedy: 'correct it, or leave it out',
      wrongUse: true,
    });
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new HubError('HUB_OPTION', 'the token has characters that no token has', {
      where: 'token (HF_TOKEN)',
      expected: 'letters, digits and signs without blanks',
      remedy: 'copy it again from the settings of your account',
      wrongUse: true,
    });
  }
  return {
    endpoint: endpoint.replace(/\/+$/, ''),
    cacheDir: resolve(options.cacheDir ?? join(homedir(), '.cache', 'huggingface', 'hub')),
    offline: options.offline ?? false,
    token,
    signal: options.signal,
    onProgress: options.onProgress ?? (() => undefined),
    idleMs: options.idleMs ?? 30_000,
    pauseMs: options.pauseMs ?? 1_000,
    fetch: options.fetch ?? globalThis.fetch,
  };
}
