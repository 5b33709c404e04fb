import { columnOf, readCodes, readNumbers, readVectors } from '@expctr/data';
import { DataType, type List, type Struct, type Table, type Vector } from 'apache-arrow';
import { CtrError } from '../errors.js';
import { checkDefinitions, checkGiven } from './check-definitions.js';
import type { RawCategorical, RawColumn, RawEvents, RawList } from './columns.js';
import type { FeatureDefinition } from './definitions.js';

/**
 * The raw columns of an Arrow table for {@link fitSchema} and {@link encodeFeatures}: categorical features from utf8, dictionary or
 * integer columns, multi-valued and sequence features from lists of these, past events from lists of structs with a child a field,
 * numbers from numeric columns (null is NaN), dense vectors from fixed_size_list<float32>.
 *
 * @throws CtrError `CTR_SCHEMA` where a column has another type; DataError `DATA_MISSING_COLUMN`.
 */
export function rawColumnsFromTable(table: Table, definitions: readonly FeatureDefinition[]): Record<string, RawColumn> {
  checkGiven('rawColumnsFromTable', { table, definitions });
  checkDefinitions(definitions, 1);
  return Object.fromEntries(
    definitions.flatMap((definition) =>
      definition.kind === 'frequency' || definition.kind === 'length'
        ? []
        : [[definition.name, rawColumn(definition, columnOf(table, definition.name))] as const],
    ),
  );
}

function rawColumn(definition: Exclude<FeatureDefinition, { kind: 'frequency' | 'length' }>, vector: Vector): RawColumn {
  const { kind, name } = definition;
  const type = vector.type as DataType;
  switch (kind) {
    case 'categorical':
      if (DataType.isUtf8(type) || DataType.isDictionary(type)) return { kind: 'categorical', ...readCodes(vector) };
      if (!isName(type)) throw wrongType(name, type, 'utf8, a dictionary, integers or booleans', NUMBERS);
      return codesOf(vector as Iterable<Scalar | null>);
    case 'multi-valued':
    case 'sequence':
      if (!DataType.isList(type)) throw wrongType(name, type, 'a list');
      if (!isName(type.valueType as DataType)) throw wrongType(name, type, 'a list of utf8, integers or booleans', NUMBERS);
      return listsOf(vector as Iterable<Iterable<Scalar | null> | null>);
    case 'events':
      if (!DataType.isList(type) || !DataType.isStruct(type.valueType as DataType)) throw wrongType(name, type, 'a list of structs');
      return readEvents(definition, vector);
    case 'numeric':
      if (!DataType.isInt(type) && !DataType.isFloat(type)) throw wrongType(name, type, 'a number');
      return { kind: 'numeric', values: readNumbers(vector, new Float64Array(vector.length)) };
    case 'dense': {
      if (!DataType.isFixedSizeList(type) || !DataType.isFloat(type.valueType as DataType)) {
        throw wrongType(name, type, 'fixed_size_list<float32>');
      }
      const dimension = type.listSize;
      return { kind: 'dense', dimension, data: readVectors(vector, dimension) };
    }
  }
}

const NUMBERS = 'define it as numeric, or cast it to integers or text where its values are names';

/** Whether values of the type are names of something: two numbers that differ by rounding would be two names. */
function isName(type: DataType): boolean {
  return (
    DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isDictionary(type) || DataType.isInt(type) || DataType.isBool(type)
  );
}

type Scalar = string | number | bigint | boolean;

/** Any values, by their text; null is missing. */
function codesOf(values: Iterable<Scalar | null>): RawCategorical {
  const codeOf = new Map<string, number>();
  const codes: number[] = [];
  for (const value of values) codes.push(code(codeOf, value));
  return { kind: 'categorical', codes: Int32Array.from(codes), values: [...codeOf.keys()] };
}

function listsOf(lists: Iterable<Iterable<Scalar | null> | null>): RawList {
  const codeOf = new Map<string, number>();
  const offsets = [0];
  const codes: number[] = [];
  for (const list of lists) {
    for (const value of list ?? []) codes.push(code(codeOf, value));
    offsets.push(codes.length);
  }
  return { kind: 'list', offsets: Uint32Array.from(offsets), codes: Int32Array.from(codes), values: [...codeOf.keys()] };
}

function code(codeOf: Map<string, number>, value: Scalar | null | undefined): number {
  if (value === null || value === undefined) return -1;
  const text = String(value);
  if (!codeOf.has(text)) codeOf.set(text, codeOf.size);
  return codeOf.get(text)!;
}

/** Every list has events of its own: what the table repeats is repeated here. */
function readEvents({ name, fields }: Extract<FeatureDefinition, { kind: 'events' }>, vector: Vector): RawEvents {
  const offsets = [0];
  const events: Readonly<Record<string, unknown>>[] = [];
  for (const list of vector as Iterable<Iterable<Readonly<Record<string, unknown>>> | null>) {
    events.push(...(list ?? []));
    offsets.push(events.length);
  }
  const { children } = (vector.type as List).children[0]!.type as Struct satisfies DataType;
  const columns = fields.map((field): readonly [string, RawCategorical | RawList] => {
    const type = children.find((child) => child.name === field.name)?.type as DataType | undefined;
    if (type === undefined) throw new CtrError('CTR_SCHEMA', `the events '${name}' lack the field '${field.name}'`);
    const values = events.map((event) => event[field.name]);
    return [
      field.name,
      DataType.isList(type) ? listsOf(values as (Iterable<Scalar | null> | null)[]) : codesOf(values as (Scalar | null)[]),
    ];
  });
  return {
    kind: 'events',
    offsets: Uint32Array.from(offsets),
    events: Uint32Array.from(events, (_, event) => event),
    fields: Object.fromEntries(columns),
  };
}

function wrongType(name: string, type: { toString(): string }, expected: string, remedy?: string): CtrError {
  return new CtrError('CTR_SCHEMA', `the column '${name}' is ${type.toString()}`, {
    expected,
    ...(remedy === undefined ? {} : { remedy }),
  });
}
