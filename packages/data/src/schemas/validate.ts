import { DataType, Precision, TimeUnit, type Field, type Table, type Vector } from 'apache-arrow';
import { DataError } from '../errors.js';
import { SCHEMA_KEY } from './arrow-build.js';
import { columnOf } from './arrow-read.js';
import { createInteractionCheck } from './validate-interactions.js';
import { checkReasons } from './validate-truth.js';

/** The schemas that ExpCTR exchanges, by name and version. */
export type SchemaName = 'interactions/1' | 'items/1' | 'users/1' | 'explanations/1' | 'embeddings/1' | 'predictions/1' | 'truth/1';

/** A column that a schema demands. */
export interface ColumnSpec {
  readonly name: string;
  readonly type: string;
  readonly is: (type: DataType) => boolean;
  readonly nullable?: true;
  /** The values that are right; anything else is reported with its row. */
  readonly values?: { readonly expected: string; readonly accepts: (value: unknown) => boolean };
}

const isInt = (bits: number) => (type: DataType) => DataType.isInt(type) && type.bitWidth === bits && !type.isSigned;
const isFloat32 = (type: DataType): boolean => DataType.isFloat(type) && type.precision === Precision.SINGLE;
const isUtf8 = (type: DataType): boolean => DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type);
const isText = (type: DataType): boolean => isUtf8(type) || (DataType.isDictionary(type) && isUtf8(type.dictionary as DataType));
const isListOf = (isElement: (type: DataType) => boolean) => (type: DataType) =>
  (DataType.isList(type) || DataType.isLargeList(type)) && isElement((type as { valueType: DataType }).valueType);
const isVector = (type: DataType): boolean => DataType.isFixedSizeList(type) && isFloat32(type.valueType as DataType);
const isMilliseconds = (type: DataType): boolean => DataType.isTimestamp(type) && type.unit === TimeUnit.MILLISECOND;

const id: ColumnSpec = { name: 'interaction_id', type: 'uint32', is: isInt(32) };
const label: ColumnSpec = {
  name: 'label',
  type: 'uint8',
  is: isInt(8),
  values: { expected: '0 or 1', accepts: (value) => value === 0 || value === 1 },
};
const probability = (name: string): ColumnSpec => ({
  name,
  type: 'float32',
  is: isFloat32,
  values: { expected: 'a number in [0, 1]', accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1 },
});
const text = (name: string): ColumnSpec => ({ name, type: 'utf8', is: isText });
const oneOf = (name: string, ...names: readonly string[]): ColumnSpec => ({
  name,
  type: 'dictionary<utf8>',
  is: isText,
  values: { expected: names.join(', '), accepts: (value) => value === null || names.includes(value as string) },
});

/** Every schema's columns. A new schema is one entry. */
const SCHEMAS: { readonly [name in SchemaName]: readonly ColumnSpec[] } = {
  'interactions/1': [
    id,
    text('user_id'),
    text('item_id'),
    label,
    { name: 'rating', type: 'float32', is: isFloat32, nullable: true },
    { name: 'timestamp', type: 'timestamp[ms]', is: isMilliseconds, nullable: true },
    oneOf('split', 'train', 'valid', 'test'),
    { ...oneOf('slice', 'policy', 'ctr'), nullable: true },
    { name: 'history', type: 'list<uint32>', is: isListOf(isInt(32)) },
  ],
  'items/1': [text('item_id'), text('title'), { name: 'year', type: 'float32', is: isFloat32, nullable: true }],
  'users/1': [text('user_id')],
  'explanations/1': [
    id,
    { name: 'iteration', type: 'uint16', is: isInt(16) },
    text('stage'),
    text('explanation'),
    text('read'),
    { name: 'token_count', type: 'uint16', is: isInt(16) },
    oneOf('finish_reason', 'stop', 'length'),
  ],
  'embeddings/1': [id, { name: 'embedding', type: 'fixed_size_list<float32>', is: isVector }],
  'predictions/1': [id, label, text('model'), probability('probability')],
  'truth/1': [
    id,
    probability('bayes_probability'),
    { name: 'reason_field', type: 'list<utf8>', is: isListOf(isText) },
    { name: 'reason_value', type: 'list<utf8>', is: isListOf(isText) },
    { name: 'reason_contribution', type: 'list<float32>', is: isListOf(isFloat32) },
  ],
};

/** The columns of a schema. */
export const columnsOf = (name: SchemaName): readonly ColumnSpec[] => SCHEMAS[name];

/** The names of the schemas. */
export const SCHEMA_NAMES = Object.keys(SCHEMAS) as readonly SchemaName[];

/**
 * Checks that a table follows a schema: its name in the metadata, every column with its type, no null where none may be, and
 * the values; for interactions/1 also that histories hold strictly earlier rows of the same user, for truth/1 that the lists of reasons
 * are in step. Columns beyond the schema's are allowed.
 * @throws DataError with the column, and the row where a value is wrong (`DATA_SCHEMA_NAME`, `DATA_SCHEMA_VERSION`, `DATA_MISSING_COLUMN`,
 * `DATA_COLUMN_TYPE`, `DATA_NULL`, `DATA_VALUE`).
 */
export function validateTable(table: Table, name: SchemaName): void {
  const check = createTableCheck(name);
  check.add(table);
  check.finish?.(table, 0);
}

/** {@link validateTable} of a table that comes in parts: each is added, and then each is finished, in the same order, where `finish` is there. */
export interface TableCheck {
  /** Checks the next part by itself. */
  add(part: Table): void;
  /** Checks what needs the whole table, of the part that begins with row `first`; absent where nothing does. */
  finish?(part: Table, first: number): void;
}

/** @throws DataError, from both of its functions, as {@link validateTable} does. */
export function createTableCheck(name: SchemaName): TableCheck {
  const interactions = name === 'interactions/1' ? createInteractionCheck() : undefined;
  let rows = 0;
  return {
    add(part) {
      checkName(part.schema.metadata.get(SCHEMA_KEY), name);
      for (const spec of SCHEMAS[name]) checkColumn(columnOf(part, spec.name), spec, part.schema.fields, rows);
      interactions?.add(part);
      if (name === 'truth/1') checkReasons(part, rows);
      rows += part.numRows;
    },
    ...(interactions && { finish: (part: Table, first: number) => interactions.checkHistories(part, first) }),
  };
}

/** The name must be this one: another version is refused by name. */
function checkName(found: string | undefined, name: SchemaName): void {
  if (found === name) return;
  const [family, version] = name.split('/');
  const [foundFamily, foundVersion] = (found ?? '').split('/');
  const expected = `the metadata ${SCHEMA_KEY} = "${name}"`;
  if (found === undefined || foundFamily !== family || !/^\d+$/u.test(foundVersion ?? '')) {
    const what = found === undefined ? `the table does not name its schema` : `the table's schema is ${found}`;
    throw new DataError('DATA_SCHEMA_NAME', what, { expected });
  }
  const newer = Number(foundVersion) > Number(version);
  throw new DataError('DATA_SCHEMA_VERSION', `the table's schema is ${found}, ${newer ? 'newer' : 'older'} than ${name}`, {
    where: `metadata ${SCHEMA_KEY}`,
    expected,
    remedy: newer
      ? 'read it with the version of @expctr/data that wrote it, or a later one'
      : 'bring it up to date with expctr-data migrate, or write it anew',
  });
}

function checkColumn(vector: Vector, spec: ColumnSpec, fields: readonly Field[], first: number): void {
  const where = `column '${spec.name}'`;
  if (!spec.is(vector.type as DataType)) {
    const type = String(fields.find((field) => field.name === spec.name)?.type);
    throw new DataError('DATA_COLUMN_TYPE', `its type is ${type}`, { where, expected: spec.type });
  }
  if (spec.nullable !== true && vector.nullCount > 0) {
    let row = 0;
    while (vector.isValid(row)) row += 1;
    throw new DataError('DATA_NULL', 'a null', {
      where: `${where}, row ${first + row}`,
      expected: spec.values?.expected ?? `a value of type ${spec.type}`,
    });
  }
  if (spec.values === undefined) return;
  for (let row = 0; row < vector.length; row += 1) {
    const value: unknown = vector.get(row);
    if (!spec.values.accepts(value)) {
      throw new DataError('DATA_VALUE', `${JSON.stringify(value)}`, {
        where: `${where}, row ${first + row}`,
        expected: spec.values.expected,
      });
    }
  }
}
