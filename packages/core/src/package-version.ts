import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version in the nearest package.json above a module that says one; null where none does. @param url `import.meta.url` of the module */
export function packageVersion(url: string): string | null {
  for (let folder = dirname(fileURLToPath(url)); ; folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    const version = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { version?: unknown }).version : undefined;
    if (typeof version === 'string') return version;
    if (dirname(folder) === folder) return null;
  }
}
