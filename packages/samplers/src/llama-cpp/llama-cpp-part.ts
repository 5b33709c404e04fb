import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { atMost } from '@expctr/core';
import type { Sampler, SamplerPart } from '@expctr/language-model';
import { z } from 'zod';
import type { PublishedAdapter } from '../adapter-facts.js';
import { SamplerError } from '../errors.js';
import { patienceOptions, type Running, type ServerOptions } from '../options.js';
import { createServerSampler } from '../server-sampler.js';
import { llamaCppEngine } from './llama-cpp-engine.js';
import { localServers } from './local-servers.js';

/** Options of {@link createLlamaCppSampler}. */
export interface LlamaCppOptions extends Omit<ServerOptions, 'urls' | 'serverPath'> {
  /** Starts servers with an adapter, or without one: {@link localServers}, or what starts them on other machines. */
  readonly launch: (adapter: PublishedAdapter | null) => Promise<Running>;
}

/** A sampler over llama.cpp's servers, which are started anew for each version: they take an adapter only at their start. */
export function createLlamaCppSampler({ launch, ...options }: LlamaCppOptions): Required<Sampler> {
  return createServerSampler(llamaCppEngine(), options, launch);
}

const processes = (what: string, bound: number, why: string) => z.int().min(1).max(bound, atMost(bound, why)).describe(what);

const options = patienceOptions.extend({
  server: z.string().default('llama-server').describe("llama.cpp's server program: a path, or a name that is on the PATH"),
  gguf: z.string().default('').describe("the base model as a .gguf file; empty = the run's own model, where that is one"),
  replicas: processes('processes of the server', 1024, 'each is a process').default(1),
  slots: processes('completions that one process makes at a time', 1024, 'each has a context of its own').default(8),
  context: processes('tokens of prompt and completion together', 1_048_576, 'no model has a longer context').default(2048),
  serverThreads: z
    .int()
    .min(0)
    .max(1024, atMost(1024, 'no machine has more cores'))
    .default(0)
    .describe('threads of one process; 0 = as many as it takes by itself'),
});

/** `sampler.kind=llama-cpp` */
export const llamaCppSampler: SamplerPart<z.output<typeof options>> = {
  name: 'llama-cpp',
  description: "llama.cpp's server on this machine, started by the run and anew for each version of the adapter",
  options,
  async open({ model, vocabularySize }, chosen) {
    const { server, gguf, replicas, slots, context, serverThreads: threads, timeoutSeconds, patienceSeconds, verify } = chosen;
    const launch = localServers({ server, model: await ggufOf(gguf === '' ? model : gguf), replicas, slots, context, threads });
    const patience = { timeoutMs: timeoutSeconds * 1000, patienceMs: patienceSeconds * 1000, verify };
    return createLlamaCppSampler({ launch, concurrency: slots, vocabularySize, ...patience });
  },
};

async function ggufOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found?.isFile() === true && path.endsWith('.gguf')) return path;
  const files = found?.isDirectory() === true ? (await readdir(path)).filter((name) => name.endsWith('.gguf')) : [];
  if (files.length === 1) return join(path, files[0]!);
  throw new SamplerError('SAMPLER_OPTION', `there is ${files.length === 0 ? 'no' : 'more than one'} .gguf file`, {
    where: `sampler.gguf, ${path}`,
    expected: 'the base model of the run as a .gguf file',
    remedy: "name it; llama.cpp's convert_hf_to_gguf.py makes one of a Hugging Face folder",
    wrongUse: true,
  });
}
