import { checkOptions, type OptionKeys } from '@expctr/core';
import { CtrError } from '../errors.js';
import { checkDefinitions, checkGiven, checkRows } from './check-definitions.js';
import { checkSchema } from './check-schema.js';
import { checkColumn, positionsOf, type RawColumn } from './columns.js';
import type { EventFieldDefinition, FeatureDefinition } from './definitions.js';
import { fitTable, type TableDefinition } from './fit-tables.js';
import { countEventValues, countValues, fitDense, fitFrequency, fitLength, fitNumeric } from './statistics.js';
import type { EventField, Feature, FeatureSchema, MultiValuedFeature, TableSchema } from './schema.js';

/** Parameters of {@link fitSchema}. */
export interface FitSchemaParameters {
  /** The features wanted, in order. */
  readonly definitions: readonly FeatureDefinition[];
  /** A raw column for each of them, by name. */
  readonly columns: Readonly<Record<string, RawColumn>>;
  /** The training rows. Nothing of any other row enters the schema. */
  readonly rows: ArrayLike<number>;
  /** Values seen in fewer training rows than this are left unknown, so that id 0 is trained too. Default 1. */
  readonly minimumCount?: number;
  /** How tables are to be made, by name: those that are to differ from the rest. */
  readonly tables?: Readonly<Record<string, TableDefinition>>;
}

const FIT_SCHEMA_OPTIONS: OptionKeys<FitSchemaParameters> = {
  definitions: true,
  columns: true,
  rows: true,
  minimumCount: true,
  tables: true,
};

/**
 * Fits vocabularies and normalization on the training rows alone.
 *
 * A vocabulary holds the values that the training rows show in any feature of its table, in the order of the raw columns' codes. A value
 * counts once for each row and feature; its past events count where they are more than that, so that they never count twice.
 *
 * @throws CtrError `CTR_SCHEMA` where a column is missing or of another kind, or a definition makes no sense; `CTR_LENGTH` for a row that a
 * column lacks; `CTR_EMPTY` without training rows; `CTR_NOT_FINITE`;
 * `CTR_OPTION` for a table that no feature has, or options of a table that make no sense.
 */
export function fitSchema(parameters: FitSchemaParameters): FeatureSchema {
  checkOptions('fitSchema', parameters, FIT_SCHEMA_OPTIONS);
  const { definitions, columns, rows, minimumCount = 1, tables: wanted = {} } = parameters;
  checkGiven('fitSchema', { definitions, columns, rows });
  checkDefinitions(definitions, minimumCount);
  if (rows.length === 0) throw new CtrError('CTR_EMPTY', 'there are no training rows to fit the features on');
  const checkedRows = new Set<number>(); // lengths of columns that hold them all
  const column = <K extends RawColumn['kind']>(name: string, kind: K): Extract<RawColumn, { kind: K }> => {
    const found = columns[name];
    if (found?.kind !== kind) {
      throw new CtrError('CTR_SCHEMA', `the column '${name}' is ${found?.kind ?? 'missing'}`, { expected: `a ${kind} column` });
    }
    const length = found.index?.length ?? positionsOf(found);
    checkColumn(name, found, length);
    if (!checkedRows.has(length)) checkRows('fitSchema', rows, length);
    checkedRows.add(length);
    return found as Extract<RawColumn, { kind: K }>;
  };

  const counts = new Map<string, Map<string, number>>();
  for (const definition of definitions) {
    if (definition.kind !== 'categorical' && definition.kind !== 'multi-valued' && definition.kind !== 'sequence') continue;
    const table = definition.table ?? definition.name;
    if (!counts.has(table)) counts.set(table, new Map());
    countValues(column(definition.name, definition.kind === 'categorical' ? 'categorical' : 'list'), rows, counts.get(table)!);
  }
  const eventFields = new Map<string, EventField[]>();
  for (const definition of definitions) {
    if (definition.kind !== 'events') continue;
    const fields = definition.fields.map((field) => eventField(definition.name, field, definitions));
    eventFields.set(definition.name, fields);
    for (const { name, table } of fields) {
      if (!counts.has(table)) counts.set(table, new Map());
      countEventValues(column(definition.name, 'events'), name, rows, counts.get(table)!);
    }
  }
  const unknown = Object.keys(wanted).find((name) => !counts.has(name));
  if (unknown !== undefined) {
    throw new CtrError('CTR_OPTION', `there is no table '${unknown}'`, { where: 'tables', expected: [...counts.keys()].join(', ') });
  }
  const tables = [...counts].map(([name, seen]): TableSchema => fitTable(name, seen, minimumCount, wanted[name]));

  const features = definitions.map((definition): Feature => {
    const { name } = definition;
    switch (definition.kind) {
      case 'categorical':
        return { kind: 'categorical', name, table: definition.table ?? name };
      case 'sequence':
        return { kind: 'sequence', name, table: definition.table ?? name, maxLength: maxLengthOf(definition) };
      case 'multi-valued':
        return multiValued(definition);
      case 'events':
        return { kind: 'events', name, fields: eventFields.get(name)!, maxLength: definition.maxLength ?? 50 };
      case 'numeric':
        return fitNumeric(name, definition.missing ?? 'error', column(name, 'numeric'), rows);
      case 'frequency': {
        const counted = definitions.find((d) => d.name === definition.of);
        const table = counted?.kind === 'categorical' ? tables.find((t) => t.name === (counted.table ?? counted.name)) : undefined;
        if (table === undefined) throw new CtrError('CTR_SCHEMA', `'${name}' counts '${definition.of}', which is no categorical feature`);
        return fitFrequency(name, definition.of, table, column(definition.of, 'categorical'), rows);
      }
      case 'length': {
        const counted = definitions.find((d) => d.name === definition.of);
        if (counted?.kind !== 'multi-valued' && counted?.kind !== 'sequence') {
          throw new CtrError('CTR_SCHEMA', `'${name}' counts the entries of '${definition.of}', which is no list`);
        }
        return fitLength(name, definition.of, maxLengthOf(counted), column(definition.of, 'list'), rows);
      }
      case 'dense':
        return fitDense(name, column(name, 'dense'), rows);
    }
  });
  const schema: FeatureSchema = { version: 'features/1', tables, features };
  checkSchema(schema);
  return schema;
}

function multiValued(definition: Extract<FeatureDefinition, { kind: 'multi-valued' }>): MultiValuedFeature {
  const { name, table = name, pooling = 'mean' } = definition;
  return { kind: 'multi-valued', name, table, pooling, maxLength: maxLengthOf(definition) };
}

/** A field is read as its target is; without one it has a table of its own. */
function eventField(events: string, field: EventFieldDefinition, definitions: readonly FeatureDefinition[]): EventField {
  const { name } = field;
  if (!('target' in field)) {
    const table = field.table ?? `${events}_${name}`;
    return field.kind === 'multi-valued' ? multiValued({ ...field, kind: 'multi-valued', table }) : { kind: 'categorical', name, table };
  }
  const target = definitions.find((d) => d.name === field.target);
  if (target?.kind === 'categorical') return { kind: 'categorical', name, table: target.table ?? target.name, target: target.name };
  if (target?.kind === 'multi-valued') return { ...multiValued(target), name, target: target.name };
  throw new CtrError('CTR_SCHEMA', `the field '${name}' is the past of '${field.target}', which is ${target?.kind ?? 'missing'}`, {
    where: `events '${events}'`,
    expected: 'a categorical or multi-valued feature',
  });
}

function maxLengthOf({ kind, maxLength }: Extract<FeatureDefinition, { kind: 'multi-valued' | 'sequence' }>): number {
  return maxLength ?? (kind === 'sequence' ? 50 : 32);
}
