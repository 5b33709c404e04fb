import { CtrError } from '../errors.js';
import { MOST_BUCKETS } from './value-ids.js';
import {
  eventsFeatures,
  tableFeatures,
  type CategoricalFeature,
  type EventsFeature,
  type FeatureSchema,
  type FrequencyFeature,
  type LengthFeature,
  type MultiValuedFeature,
  type SequenceFeature,
  type TableSchema,
} from './schema.js';

/** The table of that name. @throws CtrError `CTR_SCHEMA`. */
export function tableOf(schema: FeatureSchema, name: string): TableSchema {
  const table = schema.tables.find((t) => t.name === name);
  if (table === undefined) {
    throw new CtrError('CTR_SCHEMA', `there is no table '${name}'`, { expected: `one of ${schema.tables.map((t) => t.name).join(', ')}` });
  }
  return table;
}

/** The feature that a frequency counts. @throws CtrError `CTR_SCHEMA` where there is none. */
export function categoricalOf(schema: FeatureSchema, { name, of }: FrequencyFeature): CategoricalFeature {
  const counted = schema.features.find((f) => f.name === of);
  if (counted?.kind !== 'categorical') throw new CtrError('CTR_SCHEMA', `'${name}' counts '${of}', which is no categorical feature`);
  return counted;
}

/** The feature whose entries a length counts. @throws CtrError `CTR_SCHEMA` where there is none. */
export function listOf(schema: FeatureSchema, { name, of }: LengthFeature): MultiValuedFeature | SequenceFeature {
  const counted = schema.features.find((f) => f.name === of);
  if (counted?.kind !== 'multi-valued' && counted?.kind !== 'sequence') {
    throw new CtrError('CTR_SCHEMA', `'${name}' counts the entries of '${of}', which is no list`);
  }
  return counted;
}

/** @throws CtrError `CTR_SCHEMA` where names repeat, a table is missing, or there is no feature at all. */
export function checkSchema(schema: FeatureSchema): void {
  if ([schema.features, schema.tables].some((part: unknown) => !Array.isArray(part))) {
    throw new CtrError('CTR_SCHEMA', 'the schema has no features or no tables', { expected: 'what fitSchema gave' });
  }
  if (schema.features.length === 0) throw new CtrError('CTR_SCHEMA', 'the schema has no features', { expected: 'at least one' });
  for (const names of [schema.features.map((f) => f.name), schema.tables.map((t) => t.name)]) {
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new CtrError('CTR_SCHEMA', `the name '${twice}' is used twice`, { expected: 'unique names' });
  }
  if (tableFeatures(schema).length === 0)
    throw new CtrError('CTR_SCHEMA', 'no feature has a table', { expected: 'at least one categorical feature or list' });
  for (const feature of tableFeatures(schema)) tableOf(schema, feature.table);
  for (const feature of schema.features) {
    if (feature.kind === 'frequency') categoricalOf(schema, feature);
    if (feature.kind === 'length') listOf(schema, feature);
  }
  for (const feature of eventsFeatures(schema)) checkEvents(schema, feature);
  schema.tables.forEach(checkTable);
}

function checkTable({ name, vocabulary, hash, dimension }: TableSchema): void {
  const where = `table '${name}'`;
  if (dimension !== undefined && !(Number.isInteger(dimension) && dimension >= 1))
    throw new CtrError('CTR_SCHEMA', `its dimension is ${dimension}`, { where, expected: 'a whole number of at least 1' });
  if (hash === undefined) return;
  if (!Number.isInteger(hash.buckets) || hash.buckets < 1 || hash.buckets > MOST_BUCKETS)
    throw new CtrError('CTR_SCHEMA', `it has ${hash.buckets} buckets`, { where, expected: `a whole number from 1 to ${MOST_BUCKETS}` });
  if (vocabulary.length > 0)
    throw new CtrError('CTR_SCHEMA', `it has both buckets and a vocabulary of ${vocabulary.length} values`, {
      where,
      expected: 'one of them',
    });
}

function checkEvents(schema: FeatureSchema, { name, fields }: EventsFeature): void {
  const refuse = (what: string, expected: string): CtrError => new CtrError('CTR_SCHEMA', what, { where: `events '${name}'`, expected });
  const names = fields.map((f) => f.name);
  const twice = names.find((field, i) => names.indexOf(field) !== i);
  if (twice !== undefined) throw refuse(`the field '${twice}' is there twice`, 'unique names');
  if (!fields.some((f) => f.kind === 'categorical')) throw refuse('no field has one value an event', 'at least one categorical field');
  fields.forEach((field, i) => {
    tableOf(schema, field.table);
    if (field.target === undefined) return;
    const target = tableFeatures(schema).find((f) => f.name === field.target);
    if (target?.kind !== field.kind || target.table !== field.table) {
      throw refuse(`the field '${field.name}' is the past of '${field.target}'`, `a ${field.kind} feature of the table '${field.table}'`);
    }
    if (i > 0 && fields[i - 1]!.target === undefined) throw refuse(`the field '${field.name}' has a target`, 'fields with a target first');
  });
}
