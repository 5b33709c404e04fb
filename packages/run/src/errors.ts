import { ExpctrError } from '@expctr/core';

/** A run folder that is not what it should be. */
export class RunFolderError extends ExpctrError {}
