import { ExpctrError } from '@expctr/core';

/**
 * A run folder that cannot be evaluated. Codes: `EVAL_NO_RUN`, `EVAL_MISSING_FILE`, `EVAL_BAD_FILE`, `EVAL_ROWS_DIFFER`,
 * `EVAL_LABEL_MISMATCH`, `EVAL_NOT_TEST_ROW`.
 */
export class EvalError extends ExpctrError {}
