// Every spec of tfjs-core's suite that does not count as passed or failed, by reason. Reviewed by hand.
//
// An exclusion is no way around a wrong result: an excluded spec runs all the same, and the suite fails unless it ends as its reason says
// (`verify`). No reason accepts a failed expectation, so a number that differs can never be excluded.
import type { SpecResult } from './jasmine.js';

/** Why a spec is excluded. */
export type Reason = 'disabled by tfjs';

/** A class of exclusions. */
export interface ExclusionClass {
  /** What it means. */
  readonly explanation: string;
  /** Whether an excluded spec ended as it must. */
  readonly verify: (result: SpecResult) => boolean;
  /** Full names of specs, without the environment's name. */
  readonly specs: readonly string[];
}

/** The exclusions by reason. */
export const EXCLUSIONS: Readonly<Record<Reason, ExclusionClass>> = {
  'disabled by tfjs': {
    explanation: "tfjs-core's own files switch it off (xit), on every backend",
    verify: ({ status }) => status === 'pending',
    specs: [
      'debug on A x B',
      'IS_BROWSER isBrowser: true',
      'IS_BROWSER isBrowser: false',
      'kernel_registry errors when registering the same kernel twice',
      'gradient registry warning when registering the same gradient twice',
    ],
  },
};
