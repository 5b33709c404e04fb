import { ExpctrError } from '@expctr/core';

/**
 * What keeps a command of `expctr-lm` from doing what it was asked. Codes: `LM_OPTION`, `LM_PORT`, `LM_INPUT`, `LM_OUTPUT`,
 * `LM_INTERRUPTED`.
 */
export class LmError extends ExpctrError {}
