import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** A folder of its own for each test; gone afterwards. Use as `const path = temporaryFolder()`, then `path('file')`. */
export function temporaryFolder(): (...parts: readonly string[]) => string {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'expctr-formats-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  return (...parts) => join(folder, ...parts);
}

/** Path of a committed fixture. */
export const fixture = (...parts: readonly string[]): string => join(import.meta.dirname, '../fixtures/formats', ...parts);
