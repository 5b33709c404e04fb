export { ExpctrError, type ErrorDetails } from './errors.js';
export { createRng, type Indexed, type Rng, type SeedPath } from './rng.js';
export { sha256 } from './hash.js';
export { replaceAtomically, writeFileAtomic } from './atomic-file.js';
export { tolerateClosedPipe } from './closed-pipe.js';
