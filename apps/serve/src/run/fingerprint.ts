import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './place.js';

/** Files that say that something else lies in a place: paths inside a run. */
const OF_RUN = ['manifest.json', 'config.json', 'data/interactions.arrow', 'explanations/final.arrow'];

/**
 * What changes when something else is put in a place: where links lead, and what the system knows of the files, without reading them.
 * @returns null where nothing that could be served lies there
 */
export function fingerprintOf(place: Place | null): string | null {
  if (place === null) return null;
  const files = place.kind === 'run' ? [place.model, ...OF_RUN.map((name) => join(place.folder.root, name))] : [place.model];
  return JSON.stringify(files.map(stateOf));
}

function stateOf(file: string): readonly unknown[] {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? [] : [realpathSync(file), found.ino, found.size, found.mtimeMs, found.ctimeMs];
}
