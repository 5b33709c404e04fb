import type { FeatureColumn, Features, FeatureSchema, IdColumn, IdListColumn } from '../src/index.js';
import { tablesOf, type Host } from './oracle.js';

/** Rows of a fixture with past events: ids, sets, a list, a number, a vector of three, and events of an item, its genres and a label. */
export interface HistoryFixture {
  embeddingDimension: number;
  maxLength: number;
  rows: Record<string, number>;
  ids: { user: number[]; item: number[]; genres: number[][]; liked: number[][] };
  events: { item: number[]; genres: number[][]; label: number[] };
  history: number[][];
  labels: number[];
}

/** The features of such rows, with the given numbers and vectors. */
export function historyFeatures(fixture: HistoryFixture, n: Host, z: Host): Features {
  const schema: FeatureSchema = {
    version: 'features/1',
    tables: tablesOf(fixture.rows),
    features: [
      { kind: 'categorical', name: 'user', table: 'user' },
      { kind: 'categorical', name: 'item', table: 'item' },
      { kind: 'multi-valued', name: 'genres', table: 'genre', pooling: 'mean', maxLength: 9 },
      { kind: 'sequence', name: 'liked', table: 'item', maxLength: 9 },
      { kind: 'numeric', name: 'n', missing: 'error', mean: 0, standardDeviation: 1 },
      { kind: 'dense', name: 'z', dimension: 3, mean: [0, 0, 0], scale: 1 },
      {
        kind: 'events',
        name: 'history',
        maxLength: fixture.maxLength,
        fields: [
          { kind: 'categorical', name: 'item', table: 'item', target: 'item' },
          { kind: 'multi-valued', name: 'genres', table: 'genre', pooling: 'mean', maxLength: 9, target: 'genres' },
          { kind: 'categorical', name: 'label', table: 'label' },
        ],
      },
    ],
  };
  const { ids, events, history } = fixture;
  const columns: Record<string, FeatureColumn> = {
    user: single(ids.user),
    item: single(ids.item),
    genres: lists(ids.genres),
    liked: lists(ids.liked),
    n: { kind: 'numbers', values: Float32Array.from(n.data) },
    z: { kind: 'dense', data: Float32Array.from(z.data), dimension: 3 },
    history: {
      kind: 'events',
      offsets: lists(history).offsets,
      events: Uint32Array.from(history.flat()),
      fields: { item: single(events.item), genres: lists(events.genres), label: single(events.label) },
    },
  };
  return { schema, length: fixture.labels.length, columns, labels: Uint8Array.from(fixture.labels) };
}

function single(ids: readonly number[]): IdColumn {
  return { kind: 'ids', ids: Int32Array.from(ids) };
}

function lists(of: readonly (readonly number[])[]): IdListColumn {
  const offsets = new Uint32Array(of.length + 1);
  of.forEach((list, row) => (offsets[row + 1] = offsets[row]! + list.length));
  return { kind: 'id-lists', offsets, ids: Int32Array.from(of.flat()) };
}
