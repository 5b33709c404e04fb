import type { Sampler, SamplerPart } from '@expctr/language-model';
import type { z } from 'zod';
import { serverOptions, settingsOf, type ServerOptions } from '../options.js';
import { createServerSampler } from '../server-sampler.js';
import { vllmEngine } from './vllm-engine.js';

/** A sampler over vLLM servers. @throws SamplerError `SAMPLER_OPTION` for addresses that are none */
export function createVllmSampler(options: ServerOptions): Required<Sampler> {
  return createServerSampler(vllmEngine(), options);
}

const options = serverOptions('http://localhost:8000');

/** `sampler.kind=vllm` */
export const vllmSampler: SamplerPart<z.output<typeof options>> = {
  name: 'vllm',
  description: 'vLLM servers, which load each version of the adapter while they run',
  options,
  open: ({ vocabularySize }, chosen) => Promise.resolve(createVllmSampler({ ...settingsOf(chosen), vocabularySize })),
};
