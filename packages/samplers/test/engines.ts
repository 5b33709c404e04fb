import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sampler } from '@expctr/language-model';
import { afterEach } from 'vitest';
import { createLlamaCppSampler, createSglangSampler, createVllmSampler, type ServerOptions } from '../src/index.js';
import { fakeLaunch, type LlamaCppAnswer } from './fake-llama-cpp.js';
import { closeAll, type FakeServer, type Json } from './fake-server.js';
import { fakeSglang, type SglangAnswer } from './fake-sglang.js';
import { fakeVllm, type VllmAnswer } from './fake-vllm.js';
import { closeLmServers, realLmServer } from './lm-server.js';
import { VOCABULARY, writeAdapter } from './tiny-model.js';

/** Servers and the sampler over them. */
export interface Setting {
  readonly sampler: Required<Sampler>;
  /** Those of the version that was published last. */
  readonly servers: () => FakeServer[];
}

/** How an engine's answers can be spoiled. */
export interface TestedEngine {
  readonly name: string;
  open(replicas: number, options?: ServerOptions): Promise<Setting>;
  /** Changes the ids of the tokens of an answer, both where they stand. */
  ids(answer: Json, change: (tokens: number[]) => number[]): void;
  /** Takes the last log-probability out. */
  shorten(answer: Json): void;
  /** Says that another prompt was read. */
  misread(answer: Json): void;
}

const QUICK: ServerOptions = { pauseMs: 2, timeoutMs: 30_000, patienceMs: 30_000, vocabularySize: VOCABULARY };

export const vllm: TestedEngine = {
  name: 'vllm',
  async open(replicas, options = {}) {
    const servers = await Promise.all(Array.from({ length: replicas }, () => fakeVllm()));
    return { sampler: createVllmSampler({ urls: servers.map(({ url }) => url), ...QUICK, ...options }), servers: () => servers };
  },
  ids(answer, change) {
    const [choice] = (answer as VllmAnswer).choices;
    choice.token_ids = change(choice.token_ids);
  },
  shorten: (answer) => void (answer as VllmAnswer).choices[0].logprobs.token_logprobs.pop(),
  misread: (answer) => void (answer as VllmAnswer).choices[0].prompt_token_ids.reverse(),
};

export const sglang: TestedEngine = {
  name: 'sglang',
  async open(replicas, options = {}) {
    const servers = await Promise.all(Array.from({ length: replicas }, () => fakeSglang()));
    return { sampler: createSglangSampler({ urls: servers.map(({ url }) => url), ...QUICK, ...options }), servers: () => servers };
  },
  ids(spoiled, change) {
    const answer = spoiled as SglangAnswer;
    answer.output_ids = change(answer.output_ids);
    const pairs = answer.meta_info.output_token_logprobs;
    answer.meta_info.output_token_logprobs = answer.output_ids.map((id, i) => [pairs[i]?.[0] ?? -1, id, null]);
  },
  shorten: (answer) => void (answer as SglangAnswer).meta_info.output_token_logprobs.splice(-2),
  misread: (answer) => void ((answer as SglangAnswer).meta_info.prompt_tokens += 1),
};

export const llamaCpp: TestedEngine = {
  name: 'llama-cpp',
  open(replicas, options = {}) {
    const all: FakeServer[] = [];
    const sampler = createLlamaCppSampler({ launch: fakeLaunch(replicas, all), ...QUICK, ...options });
    return Promise.resolve({ sampler, servers: () => all.slice(-replicas) });
  },
  ids(spoiled, change) {
    const answer = spoiled as LlamaCppAnswer;
    answer.tokens = change(answer.tokens);
    answer.completion_probabilities?.forEach((each, i) => (each.id = answer.tokens[i]!));
  },
  shorten: (answer) => void (answer as LlamaCppAnswer).completion_probabilities?.push({ id: 1, logprob: -1 }),
  misread: (answer) => void ((answer as LlamaCppAnswer).tokens_evaluated += 1),
};

/** The client of vLLM over the real server of `expctr-lm`, which speaks its dialect. */
export const expctrLm: TestedEngine = {
  ...vllm,
  name: 'expctr-lm',
  async open(replicas, options = {}) {
    const servers = await Promise.all(Array.from({ length: replicas }, () => realLmServer()));
    return { sampler: createVllmSampler({ urls: servers.map(({ url }) => url), ...QUICK, ...options }), servers: () => servers };
  },
};

/** All of them. */
export const ENGINES = [vllm, sglang, llamaCpp, expctrLm];

/** Folders with adapters by their names; gone after each test, as are the servers. */
export function adapterFolders(): (name: string, size?: number) => Promise<string> {
  const made: string[] = [];
  afterEach(async () => {
    await closeAll();
    await closeLmServers();
    await Promise.all(made.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
  });
  return async (name, size) => {
    const folder = await mkdtemp(join(tmpdir(), 'expctr-samplers-'));
    made.push(folder);
    await writeAdapter(join(folder, name), name, size);
    return join(folder, name);
  };
}
