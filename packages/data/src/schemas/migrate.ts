import { checkOptions, type OptionKeys } from '@expctr/core';
import { Field, RecordBatch, Schema, Struct, Table, type DataType, type Vector } from 'apache-arrow';
import { DataError } from '../errors.js';
import { SCHEMA_KEY } from './arrow-build.js';
import { columnOf } from './arrow-read.js';
import { castColumn } from './cast.js';
import { columnsOf, SCHEMA_NAMES, validateTable, type SchemaName } from './validate.js';

/** One step from a version of a schema to a later one. */
export interface Migration {
  /** The schema's name before, `explanations/1`. */
  readonly from: string;
  /** Its name after, `explanations/2`. */
  readonly to: string;
  /** What it changes, in a few words. */
  readonly change: string;
  /** The table made over; its metadata may stay as they are. */
  readonly migrate: (table: Table) => Table;
}

/** Every step that there is. All schemas stand at their first version, so there is none: the change that makes a second brings one. */
export const MIGRATIONS: readonly Migration[] = [];

/** What {@link migrateTable} does beside the steps. */
export interface MigrateOptions {
  /** New names of columns by old ones, for a table that another program made. */
  readonly rename?: Readonly<Record<string, string>>;
  /** The steps to choose from; {@link MIGRATIONS} where absent. */
  readonly migrations?: readonly Migration[];
}

/** A table brought up to date. */
export interface MigratedTable {
  /** Valid, as {@link validateTable} says. */
  readonly table: Table;
  /** What was done, a line each; empty where nothing had to be. */
  readonly changes: readonly string[];
}

const MIGRATE_TABLE_OPTIONS: OptionKeys<MigrateOptions> = { rename: true, migrations: true };

/**
 * Brings a table to a schema: one of an older version step by step, and one that names no schema (made with pandas, Polars or
 * DuckDB, say) by renaming columns and casting their types where no value is lost: whole numbers to a narrower type, numbers to
 * text for ids, float64 to float32 (rounded), timestamps of any unit to milliseconds (floor). Further columns stay as they are.
 * @throws DataError `DATA_SCHEMA_NAME` for a table of another schema, `DATA_SCHEMA_VERSION` where no step leads to this version,
 * `DATA_CAST` with column and row where a value would be lost, and what {@link validateTable} throws.
 */
export function migrateTable(table: Table, name: SchemaName, options: MigrateOptions = {}): MigratedTable {
  checkOptions('migrateTable', options, MIGRATE_TABLE_OPTIONS);
  const changes: string[] = [];
  let current = renamed(table, options.rename ?? {}, changes);
  for (let found = current.schema.metadata.get(SCHEMA_KEY); found !== name; found = current.schema.metadata.get(SCHEMA_KEY)) {
    if (found === undefined) {
      changes.push(`named as ${name}`);
      current = withSchemaName(current, name);
      continue;
    }
    const step: Migration | undefined = (options.migrations ?? MIGRATIONS).find(({ from }) => from === found);
    if (step === undefined) break; // validateTable says what is wrong with it
    changes.push(`${step.from} to ${step.to}: ${step.change}`);
    current = withSchemaName(step.migrate(current), step.to);
  }
  if (current.schema.metadata.get(SCHEMA_KEY) === name) current = cast(current, name, changes);
  validateTable(current, name);
  return { table: changes.length === 0 ? table : current, changes };
}

/** The schema that a table is meant for: the newest of the family that its metadata names. @throws DataError `DATA_SCHEMA_NAME`. */
export function schemaFor(table: Table): SchemaName {
  const found = table.schema.metadata.get(SCHEMA_KEY);
  const name = SCHEMA_NAMES.find((known) => known.split('/')[0] === found?.split('/')[0]);
  if (name !== undefined) return name;
  throw new DataError('DATA_SCHEMA_NAME', found === undefined ? 'the table does not name its schema' : `the table's schema is ${found}`, {
    expected: `one of ${SCHEMA_NAMES.join(', ')}`,
    remedy: 'say which schema it is meant for',
    wrongUse: true,
  });
}

function renamed(table: Table, rename: Readonly<Record<string, string>>, changes: string[]): Table {
  const names = table.schema.fields.map(({ name }) => name);
  for (const [from, to] of Object.entries(rename)) {
    columnOf(table, from); // there must be one
    if (names.includes(to))
      throw new DataError('DATA_COLUMN_NAME', `'${from}' cannot be called '${to}': another column is`, { wrongUse: true });
    changes.push(`column '${from}' is called '${to}'`);
  }
  if (Object.keys(rename).length === 0) return table;
  return tableOf(
    table.schema.fields.map((field, at) => [rename[field.name] ?? field.name, field.nullable, table.getChildAt(at)!] as const),
    table.schema.metadata,
  );
}

/** Columns that the schema has, of its types. */
function cast(table: Table, name: SchemaName, changes: string[]): Table {
  const specs = new Map(columnsOf(name).map((spec) => [spec.name, spec]));
  let changed = false;
  const columns = table.schema.fields.map((field, at) => {
    const vector: Vector = table.getChildAt(at)!;
    const spec = specs.get(field.name);
    if (spec === undefined || spec.is(vector.type as DataType)) return [field.name, field.nullable, vector] as const;
    changed = true;
    changes.push(`column '${field.name}': ${String(field.type)} as ${spec.type}`);
    return [field.name, spec.nullable === true, castColumn(vector, field.name, spec.type)] as const;
  });
  return changed ? tableOf(columns, table.schema.metadata) : table;
}

function withSchemaName(table: Table, name: string): Table {
  const columns = table.schema.fields.map((field, at) => [field.name, field.nullable, table.getChildAt(at)!] as const);
  return tableOf(columns, new Map([...table.schema.metadata, [SCHEMA_KEY, name]]));
}

function tableOf(columns: readonly (readonly [string, boolean, Vector])[], metadata: ReadonlyMap<string, string>): Table {
  const schema = new Schema(
    columns.map(([name, nullable, vector]) => new Field(name, vector.type as DataType, nullable)),
    new Map(metadata),
  );
  const aligned = new Table(Object.fromEntries(columns.map(([name, , vector]) => [name, vector])));
  const batches = aligned.batches.map(({ data }) => new RecordBatch(schema, data.clone(new Struct(schema.fields))));
  return new Table(schema, batches);
}
