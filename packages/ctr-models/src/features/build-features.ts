import { checkOptions, type OptionKeys } from '@expctr/core';
import { SPLITS, type Interactions, type Items } from '@expctr/data';
import type { RawColumn, RawEvents, RawList } from './columns.js';
import type { FeatureDefinition } from './definitions.js';
import { encodeFeatures, type Features } from './encode.js';
import { evidenceColumns } from './evidence.js';
import { fitSchema } from './fit-schema.js';
import type { FeatureSchema } from './schema.js';
import { selectRows } from './select.js';
import { withVectors, type DenseVectors } from './vectors.js';

/** Parameters of {@link buildFeatures}. */
export interface BuildFeaturesParameters {
  /** All interactions (histories point into them). */
  readonly interactions: Interactions;
  /** The items, row i being item code i. */
  readonly items: Items;
  /** The interactions to make features for, in order. Default: all. */
  readonly rows?: ArrayLike<number>;
  /** The interactions to fit vocabularies, normalization and popularity on. Default: those of `rows` in the train split. */
  readonly fitRows?: ArrayLike<number>;
  /** A schema fitted before, to be used instead of fitting one: that of a model to predict with. `fitRows` then plays no part. */
  readonly schema?: FeatureSchema;
  /** Dense features by name, as {@link withVectors} adds them. Rows without a vector can neither be fitted on nor predicted. */
  readonly vectors?: Readonly<Record<string, DenseVectors>>;
  /** Adds the logarithm of the item's count among `fitRows` as a number. Default true. */
  readonly popularity?: boolean;
  /** Adds how many liked and disliked entries the history has, as numbers. Default true. */
  readonly historyCounts?: boolean;
  /**
   * Adds `history`: each past interaction by itself, with its item, the item's attributes and its label, for backbones that ask for
   * sequences (`usesSequences`). Attributes that only past items have then get embeddings, too. Default false.
   */
  readonly events?: boolean;
  /**
   * Adds what the history says of the target in numbers, as {@link evidenceColumns} counts it: how often this user liked and disliked
   * each of its attributes. Default false.
   */
  readonly evidence?: boolean;
  /** Values seen in fewer of `fitRows` are unknown. Default 1. */
  readonly minimumCount?: number;
  /** At most so many entries of each history sequence, and events of `history`, count: the newest. Default 50. */
  readonly historyLength?: number;
}

const BUILD_FEATURES_OPTIONS: OptionKeys<BuildFeaturesParameters> = {
  interactions: true,
  items: true,
  rows: true,
  fitRows: true,
  schema: true,
  vectors: true,
  popularity: true,
  historyCounts: true,
  events: true,
  evidence: true,
  minimumCount: true,
  historyLength: true,
};

/**
 * h(u, i) of docs/method.md, and dense vectors: `user`, `item`, `item_<attribute>` for each attribute, `item_year`, `item_popularity`,
 * `history_liked` and `history_disliked` (item sequences that share the item table), their counts, `evidence_…` and `history` where they
 * are asked for, and the dense features of `vectors`.
 *
 * @returns features whose row r is the interaction `rows[r]`
 * @throws CtrError `CTR_EMPTY` without rows to fit on; `CTR_DENSE_ROWS` where a row to fit on has no vector; `CTR_LENGTH`, `CTR_SCHEMA`.
 */
export function buildFeatures(parameters: BuildFeaturesParameters): Features {
  checkOptions('buildFeatures', parameters, BUILD_FEATURES_OPTIONS);
  const { interactions, items, vectors = {}, popularity = true, historyCounts = true, minimumCount = 1, historyLength = 50 } = parameters;
  const rows = Int32Array.from(parameters.rows ?? interactions.interactionId);
  const fitRows = parameters.fitRows ?? rows.filter((row) => interactions.split[row] === SPLITS.indexOf('train'));
  // A schema may be fitted on rows that were not asked for: those follow behind, and are cut off in the end.
  const { all, positionOf } = withRows(rows, parameters.schema === undefined ? fitRows : [], interactions.length);
  const itemOf = all.map((row) => interactions.item[row]!);

  const columns: Record<string, RawColumn> = {};
  const definitions: FeatureDefinition[] = [];
  const add = (definition: FeatureDefinition, column: RawColumn): void => {
    definitions.push(definition);
    columns[definition.name] = column;
  };

  add(
    { kind: 'categorical', name: 'user' },
    { kind: 'categorical', codes: all.map((row) => interactions.user[row]!), values: interactions.userIds },
  );
  add({ kind: 'categorical', name: 'item' }, { kind: 'categorical', codes: itemOf, values: interactions.itemIds });
  const attributes = Object.entries(items.attributes).map(([name, lists]) => [name, codeLists(lists)] as const);
  for (const [name, lists] of attributes) add({ kind: 'multi-valued', name: `item_${name}` }, { ...lists, index: itemOf });
  for (const [name, label] of [['history_liked', 1] as const, ['history_disliked', 0] as const]) {
    add({ kind: 'sequence', name, table: 'item', maxLength: historyLength }, historyColumn(interactions, all, label));
  }
  if (items.year.some((year) => !Number.isNaN(year))) {
    add({ kind: 'numeric', name: 'item_year', missing: 'mean' }, { kind: 'numeric', values: items.year, index: itemOf });
  }
  if (popularity) definitions.push({ kind: 'frequency', name: 'item_popularity', of: 'item' });
  if (historyCounts) {
    for (const name of ['history_liked', 'history_disliked']) definitions.push({ kind: 'length', name: `${name}_count`, of: name });
  }
  if (parameters.schema?.features.some(({ name }) => name === 'evidence_rate') ?? parameters.evidence ?? false) {
    for (const [name, values] of Object.entries(evidenceColumns(interactions, attributes, all))) {
      add({ kind: 'numeric', name }, { kind: 'numeric', values });
    }
  }
  if (parameters.schema?.features.some(({ kind }) => kind === 'events') ?? parameters.events ?? false) {
    add(...historyEvents(interactions, attributes, historyLength, all));
  }

  const given = parameters.schema;
  const schema =
    given === undefined
      ? fitSchema({ definitions, columns, rows: Int32Array.from(fitRows, (row) => positionOf[row]!), minimumCount })
      : { ...given, features: given.features.filter(({ kind, name }) => kind !== 'dense' || !Object.hasOwn(vectors, name)) };
  const labels = Uint8Array.from(all, (row) => interactions.label[row]!);
  const encoded = {
    ...encodeFeatures({ schema, columns, labels }),
    source: { interactions, rows: all, ...(given === undefined ? { fitRows: Int32Array.from(fitRows) } : {}) },
  };
  const features =
    all.length === rows.length
      ? encoded
      : selectRows(
          encoded,
          rows.map((_, r) => r),
        );
  return withVectors(features, vectors, given === undefined ? {} : { schema: given });
}

/** `rows` and then those of `more` that are not among them, with the place of each. */
function withRows(rows: Int32Array, more: ArrayLike<number>, interactionCount: number): { all: Int32Array; positionOf: Int32Array } {
  const positionOf = new Int32Array(interactionCount).fill(-1);
  rows.forEach((row, r) => (positionOf[row] = r));
  const extra: number[] = [];
  for (let k = 0; k < more.length; k += 1) {
    if (positionOf[more[k]!] === -1) positionOf[more[k]!] = rows.length + extra.push(more[k]!) - 1;
  }
  const all = new Int32Array(rows.length + extra.length);
  all.set(rows);
  all.set(extra, rows.length);
  return { all, positionOf };
}

/** Lists of strings as codes, in order of first appearance. */
function codeLists(lists: readonly (readonly string[])[]): RawList {
  const codeOf = new Map<string, number>();
  const offsets = new Uint32Array(lists.length + 1);
  lists.forEach((list, i) => (offsets[i + 1] = offsets[i]! + list.length));
  const codes = new Int32Array(offsets[lists.length]!);
  let at = 0;
  for (const list of lists) {
    for (const value of list) {
      if (!codeOf.has(value)) codeOf.set(value, codeOf.size);
      codes[at++] = codeOf.get(value)!;
    }
  }
  return { kind: 'list', offsets, codes, values: [...codeOf.keys()] };
}

/** The history of each row event by event: an event is an interaction, and the lists are those of the interactions themselves. */
function historyEvents(
  { historyOffsets, history, item, itemIds, label }: Interactions,
  attributes: readonly (readonly [string, RawList])[],
  maxLength: number,
  rows: Int32Array,
): [FeatureDefinition, RawEvents] {
  const fields = [
    { name: 'item', target: 'item' },
    ...attributes.map(([name]) => ({ name: `item_${name}`, target: `item_${name}` })),
    { name: 'label', kind: 'categorical' as const },
  ];
  const column: RawEvents = {
    kind: 'events',
    offsets: historyOffsets,
    events: history,
    fields: {
      item: { kind: 'categorical', codes: item, values: itemIds },
      ...Object.fromEntries(attributes.map(([name, lists]) => [`item_${name}`, { ...lists, index: item }])),
      label: { kind: 'categorical', codes: Int32Array.from(label), values: ['0', '1'] },
    },
    index: rows,
  };
  return [{ kind: 'events', name: 'history', fields, maxLength }, column];
}

/** The items of each row's history that have the label `label`, oldest first. */
function historyColumn({ historyOffsets, history, label, item, itemIds }: Interactions, rows: Int32Array, wanted: 0 | 1): RawList {
  const offsets = new Uint32Array(rows.length + 1);
  let total = 0;
  rows.forEach((row, r) => {
    for (let k = historyOffsets[row]!; k < historyOffsets[row + 1]!; k += 1) if (label[history[k]!] === wanted) total += 1;
    offsets[r + 1] = total;
  });
  const codes = new Int32Array(total);
  let at = 0;
  for (const row of rows) {
    for (let k = historyOffsets[row]!; k < historyOffsets[row + 1]!; k += 1) {
      if (label[history[k]!] === wanted) codes[at++] = item[history[k]!]!;
    }
  }
  return { kind: 'list', offsets, codes, values: itemIds };
}
