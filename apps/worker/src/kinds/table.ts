import type { KindName } from '../job/job.js';
import { encode } from './encode.js';
import { explain } from './explain.js';
import type { Kind } from './kind.js';
import { read } from './read.js';

/** The kinds of work: one line each. */
export const kinds: Readonly<Record<KindName, Kind>> = { explain, read, encode };
