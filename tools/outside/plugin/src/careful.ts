import type { SamplerPart } from '@expctr/language-model';
import { z } from 'zod';

const options = z.object({ mass: z.number().positive().max(1).default(0.9).describe('probability mass that is sampled from') });

/** The policy, sampled without its most improbable tokens. */
export const careful: SamplerPart<z.output<typeof options>> = {
  name: 'careful',
  description: 'the policy without its most improbable tokens',
  options,
  open: ({ policy }, { mass }) =>
    Promise.resolve({ generate: (prompts, sampling) => policy.generate(prompts, { ...sampling, topP: mass }) }),
};
