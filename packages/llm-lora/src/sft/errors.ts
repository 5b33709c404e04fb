import { ExpctrError } from '@expctr/core';

/**
 * Examples that cannot be learned from, or a fine-tuning that cannot go on. Codes: `SFT_JSON`, `SFT_EXAMPLE`, `SFT_ROLES`, `SFT_EMPTY`,
 * `SFT_TOO_LONG`, `SFT_NO_ROWS`, `SFT_OPTION`, `SFT_FOLDER_USED`, `SFT_RESUME`, `SFT_NOT_FINITE`.
 */
export class SftError extends ExpctrError {}
