import { ExpctrError } from '@expctr/core';

/** A tokenizer that is missing, damaged, unsupported, or not the model's. Codes begin with `TOKENIZER_`. */
export class TokenizerError extends ExpctrError {}
