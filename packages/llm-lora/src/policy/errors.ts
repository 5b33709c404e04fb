import { ExpctrError } from '@expctr/core';

/**
 * A language model was asked for something that it cannot do. Codes: `POLICY_EMPTY_ROW`, `POLICY_ROW_COUNT`,
 * `POLICY_TOKEN_RANGE`, `POLICY_TOO_LONG`, `POLICY_OPTION`, `POLICY_CONSTRAINT`, `POLICY_TEMPERATURE`, `POLICY_PAIR`, `POLICY_NOT_FINITE`, `POLICY_DISPOSED`,
 * `POLICY_NO_TOKENIZER`, `ADAPTER_UNKNOWN`, `ADAPTER_SHAPE`, `ADAPTER_NOT_FINITE`, `ADAPTER_NONE`, `STEP_STATE`.
 */
export class PolicyError extends ExpctrError {}
