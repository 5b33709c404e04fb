import { columnOf, readCodes, readNumbers, readVectors } from '@expctr/data';
import { DataType, type Table, type Vector } from 'apache-arrow';
import { CtrError } from '../errors.js';
import type { RawCategorical, RawColumn, RawList } from './columns.js';
import type { FeatureDefinition } from './definitions.js';

/**
 * The raw columns of an Arrow table for {@link fitSchema} and {@link encodeFeatures}: categorical features from utf8, dictionary or
 * integer columns, multi-valued and sequence features from lists of these, numbers from numeric columns (null is NaN), dense vectors
 * from fixed_size_list<float32>.
 *
 * @throws CtrError `CTR_SCHEMA` where a column has another type; DataError `DATA_MISSING_COLUMN`.
 */
export function rawColumnsFromTable(table: Table, definitions: readonly FeatureDefinition[]): Record<string, RawColumn> {
  return Object.fromEntries(
    definitions.flatMap((definition) =>
      definition.kind === 'frequency' || definition.kind === 'length'
        ? []
        : [[definition.name, rawColumn(definition, columnOf(table, definition.name))] as const],
    ),
  );
}

function rawColumn({ kind, name }: Exclude<FeatureDefinition, { kind: 'frequency' | 'length' }>, vector: Vector): RawColumn {
  const type = vector.type as DataType;
  switch (kind) {
    case 'categorical':
      if (DataType.isUtf8(type) || DataType.isDictionary(type)) return { kind: 'categorical', ...readCodes(vector) };
      return readValues(vector);
    case 'multi-valued':
    case 'sequence':
      if (!DataType.isList(type)) throw wrongType(name, type, 'a list');
      return readLists(vector);
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

/** Any values, by their text; null is missing. */
function readValues(vector: Vector): RawCategorical {
  const codeOf = new Map<string, number>();
  const codes = new Int32Array(vector.length);
  for (let row = 0; row < vector.length; row += 1) {
    const value: unknown = vector.get(row);
    const text = String(value);
    if (value !== null && !codeOf.has(text)) codeOf.set(text, codeOf.size);
    codes[row] = value === null ? -1 : codeOf.get(text)!;
  }
  return { kind: 'categorical', codes, values: [...codeOf.keys()] };
}

function readLists(vector: Vector): RawList {
  const codeOf = new Map<string, number>();
  const offsets = new Uint32Array(vector.length + 1);
  const codes: number[] = [];
  for (let row = 0; row < vector.length; row += 1) {
    for (const value of (vector.get(row) as Iterable<unknown> | null) ?? []) {
      const text = String(value);
      if (value !== null && !codeOf.has(text)) codeOf.set(text, codeOf.size);
      codes.push(value === null ? -1 : codeOf.get(text)!);
    }
    offsets[row + 1] = codes.length;
  }
  return { kind: 'list', offsets, codes: Int32Array.from(codes), values: [...codeOf.keys()] };
}

function wrongType(name: string, type: { toString(): string }, expected: string): CtrError {
  return new CtrError('CTR_SCHEMA', `the column '${name}' is ${type.toString()}`, { expected });
}
