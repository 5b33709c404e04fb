import { DataOptionError } from '../errors.js';
import { migrateTable, schemaFor } from '../schemas/migrate.js';
import { readTable, writeTable } from '../schemas/table-file.js';
import type { SchemaName } from '../schemas/validate.js';

/** The options of `expctr-data migrate`. */
export interface MigrateFlags {
  readonly out: string;
  readonly schema?: SchemaName;
  readonly rename: readonly string[];
}

/** Reads a table, brings it to its schema, writes it, and says what that took. */
export async function migrateCommand(path: string, { out, schema, rename }: MigrateFlags): Promise<string> {
  const names = rename.map((pair) => {
    const [from, to, ...more] = pair.split('=');
    if (from && to && more.length === 0) return [from, to] as const;
    throw new DataOptionError('DATA_OPTION', `'${pair}' renames nothing`, { where: '--rename', expected: 'old=new' });
  });
  const table = await readTable(path);
  const name = schema ?? schemaFor(table);
  const migrated = migrateTable(table, name, { rename: Object.fromEntries(names) });
  await writeTable(out, migrated.table);
  const changes = migrated.changes.length === 0 ? [`it is ${name} already: copied`] : migrated.changes;
  return [...changes, `${migrated.table.numRows} rows of ${name} in ${out}`].join('\n');
}
