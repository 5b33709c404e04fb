import { runFolder } from '@expctr/run';

/** Paths as they stand inside any run: for sentences that name a file. */
export const FILES = runFolder('');
