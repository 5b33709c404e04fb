import type { SamplerPart } from '@expctr/language-model';
import { z } from 'zod';

/** The policy samples for itself, in this process. */
export const policySampler: SamplerPart = {
  name: 'policy',
  description: 'the policy itself, in this process',
  options: z.object({}),
  open: ({ policy }) => Promise.resolve(policy),
};
