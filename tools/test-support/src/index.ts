import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../../..');

/** An asset that tests may use but the repository does not ship. */
export interface Asset {
  /** Absolute path of the file or folder, whether or not it is there. */
  readonly path: string;
  /** `false`, or the reason to skip: pass it as `test.skipIf(asset.missing)` and put it into the test's name. */
  readonly missing: string | false;
}

/** Real model weights: `modelAsset('stories260K')`. Looked for in EXPCTR_MODELS, else beside the repository. */
export function modelAsset(...path: readonly string[]): Asset {
  return asset(process.env['EXPCTR_MODELS'] ?? resolve(repository, '../shared/models'), 'EXPCTR_MODELS', path);
}

/** Real data: `dataAsset('ml-latest-small')`. Looked for in EXPCTR_DATA, else beside the repository. */
export function dataAsset(...path: readonly string[]): Asset {
  return asset(process.env['EXPCTR_DATA'] ?? resolve(repository, '../shared/data'), 'EXPCTR_DATA', path);
}

function asset(root: string, variable: string, path: readonly string[]): Asset {
  const full = resolve(root, ...path);
  return { path: full, missing: existsSync(full) ? false : `${path.join('/')} is not here; set ${variable} to the folder that holds it` };
}

export { startFakeHub, type FakeHub, type HubBehavior, type HubFault, type HubRequest } from './fake-hub.js';

export { interceptFiles, type Fate, type FileOperation } from './file-operations.js';
export { Died, diesAt, failsAt, momentsOf, operationsOf, visitMoments, type Moment } from './kill-at-operation.js';

export { zipOf } from './zip.js';
