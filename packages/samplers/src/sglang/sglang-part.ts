import type { Sampler, SamplerPart } from '@expctr/language-model';
import type { z } from 'zod';
import { serverOptions, settingsOf, type ServerOptions } from '../options.js';
import { createServerSampler } from '../server-sampler.js';
import { sglangEngine } from './sglang-engine.js';

/** A sampler over SGLang servers. @throws SamplerError `SAMPLER_OPTION` for addresses that are none */
export function createSglangSampler(options: ServerOptions): Required<Sampler> {
  return createServerSampler(sglangEngine(), options);
}

const options = serverOptions('http://localhost:30000');

/** `sampler.kind=sglang` */
export const sglangSampler: SamplerPart<z.output<typeof options>> = {
  name: 'sglang',
  description: 'SGLang servers, which load each version of the adapter while they run',
  options,
  open: ({ vocabularySize }, chosen) => Promise.resolve(createSglangSampler({ ...settingsOf(chosen), vocabularySize })),
};
