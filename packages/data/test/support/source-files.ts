import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { tableOptions, type TableOptions } from '../../src/sources/options.js';
import type { LoadOptions, RawTables } from '../../src/sources/raw-tables.js';
import { datasetSource } from '../../src/sources/sources.js';

/** Contents by file name. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Folders for the files of one test file, removed at its end. */
export function sourceFolders(): {
  write: (files: Files) => Promise<string>;
  load: (name: string, files: Files, options?: Partial<LoadOptions> & { readonly table?: TableOptions }) => Promise<RawTables>;
} {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'expctr-sources-'));
  });
  afterAll(() => rm(root, { recursive: true }));
  const write = async (files: Files): Promise<string> => {
    const folder = await mkdtemp(join(root, 'set-'));
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    return folder;
  };
  const load: ReturnType<typeof sourceFolders>['load'] = async (name, files, { table, ...options } = {}) =>
    datasetSource(name).load({
      dataDir: await write(files),
      onBadRow: 'fail',
      ...(table === undefined ? {} : { options: { table } }),
      ...options,
    });
  return { write, load };
}

/** A choice of files, the others left to their content. */
export const named = (files: Partial<NonNullable<LoadOptions['files']>>): NonNullable<LoadOptions['files']> => ({
  ratings: null,
  items: null,
  users: null,
  ...files,
});

/** A mapping of columns with the defaults of the others. */
export const mapping = (table: Partial<TableOptions>): TableOptions => tableOptions.parse({ table }).table;

/** What a test compares of each rating: user, item, rating, and the time where there is one. */
export function triples({ ratings }: RawTables): (string | number)[][] {
  return Array.from({ length: ratings.length }, (_, row) => [
    ratings.userIds[ratings.user[row]!]!,
    ratings.itemIds[ratings.item[row]!]!,
    ratings.rating[row]!,
    ...(ratings.timestamp ? [ratings.timestamp[row]!] : []),
  ]);
}
