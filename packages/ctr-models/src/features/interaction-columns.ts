import { checkOptions, type OptionKeys } from '@expctr/core';
import type { Interactions, Items } from '@expctr/data';
import type { RawColumn, RawEvents, RawList } from './columns.js';
import type { FeatureDefinition } from './definitions.js';
import { evidenceColumns } from './evidence.js';
import type { FeatureSchema } from './schema.js';

/** Parameters of {@link interactionColumns}. */
export interface InteractionColumnsParameters {
  /** All interactions (histories point into them). */
  readonly interactions: Interactions;
  /** The items, row i being item code i. */
  readonly items: Items;
  /** The interactions to make columns for, in order. */
  readonly rows: Int32Array;
  /**
   * A schema fitted before: that of a model to predict with. It says whether there are evidence, past events and a year; nothing is
   * fitted.
   */
  readonly schema?: FeatureSchema;
  /** Adds the logarithm of the item's count among the rows that are fitted on, as a number. Default true. */
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
  /** At most so many entries of each history sequence, and events of `history`, count: the newest. Default 50. */
  readonly historyLength?: number;
}

const INTERACTION_COLUMNS_OPTIONS: OptionKeys<InteractionColumnsParameters> = {
  interactions: true,
  items: true,
  rows: true,
  schema: true,
  popularity: true,
  historyCounts: true,
  events: true,
  evidence: true,
  historyLength: true,
};

/** The features of interactions before any vocabulary. */
export interface InteractionColumns {
  /** What is made of the columns, in order. */
  readonly definitions: readonly FeatureDefinition[];
  /** A column for each definition that has one of its own, by name. */
  readonly columns: Readonly<Record<string, RawColumn>>;
}

/** h(u, i) of docs/method.md as raw columns, row r being the interaction `rows[r]`: what {@link buildFeatures} fits and encodes. */
export function interactionColumns(parameters: InteractionColumnsParameters): InteractionColumns {
  checkOptions('interactionColumns', parameters, INTERACTION_COLUMNS_OPTIONS);
  const { interactions, items, rows, popularity = true, historyCounts = true, historyLength = 50 } = parameters;
  const itemOf = rows.map((row) => interactions.item[row]!);
  const has = (name: string): boolean | undefined => parameters.schema?.features.some((feature) => feature.name === name);

  const columns: Record<string, RawColumn> = {};
  const definitions: FeatureDefinition[] = [];
  const add = (definition: FeatureDefinition, column: RawColumn): void => {
    definitions.push(definition);
    columns[definition.name] = column;
  };

  add(
    { kind: 'categorical', name: 'user' },
    { kind: 'categorical', codes: rows.map((row) => interactions.user[row]!), values: interactions.userIds },
  );
  add({ kind: 'categorical', name: 'item' }, { kind: 'categorical', codes: itemOf, values: interactions.itemIds });
  const attributes = Object.entries(items.attributes).map(([name, lists]) => [name, codeLists(lists)] as const);
  for (const [name, lists] of attributes) add({ kind: 'multi-valued', name: `item_${name}` }, { ...lists, index: itemOf });
  for (const [name, label] of [['history_liked', 1] as const, ['history_disliked', 0] as const]) {
    add({ kind: 'sequence', name, table: 'item', maxLength: historyLength }, historyColumn(interactions, rows, label));
  }
  if (has('item_year') ?? items.year.some((year) => !Number.isNaN(year))) {
    add({ kind: 'numeric', name: 'item_year', missing: 'mean' }, { kind: 'numeric', values: items.year, index: itemOf });
  }
  if (popularity) definitions.push({ kind: 'frequency', name: 'item_popularity', of: 'item' });
  if (historyCounts) {
    for (const name of ['history_liked', 'history_disliked']) definitions.push({ kind: 'length', name: `${name}_count`, of: name });
  }
  if (has('evidence_rate') ?? parameters.evidence ?? false) {
    for (const [name, values] of Object.entries(evidenceColumns(interactions, attributes, rows))) {
      add({ kind: 'numeric', name }, { kind: 'numeric', values });
    }
  }
  if (parameters.schema?.features.some(({ kind }) => kind === 'events') ?? parameters.events ?? false) {
    add(...historyEvents(interactions, attributes, historyLength, rows));
  }
  return { definitions, columns };
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
