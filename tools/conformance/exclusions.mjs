// Every spec of tfjs-core's suite that does not count as passed or failed, by reason. Reviewed by hand.
//
// An exclusion is no way around a wrong result: an excluded spec runs all the same, and the suite fails unless it ends as its reason says
// (`verify`). No reason accepts a failed expectation, so a number that differs can never be excluded.

/** What a class of exclusions means, and what an excluded spec's result must be. */
export const reasons = {
  'disabled by tfjs': {
    explanation: "tfjs-core's own files switch it off (xit), on every backend",
    verify: ({ status }) => status === 'pending',
  },
};

/** Full names of specs, without the environment's name, by reason. */
export const exclusions = {
  'disabled by tfjs': [
    'debug on A x B',
    'IS_BROWSER isBrowser: true',
    'IS_BROWSER isBrowser: false',
    'kernel_registry errors when registering the same kernel twice',
    'gradient registry warning when registering the same gradient twice',
  ],
};
