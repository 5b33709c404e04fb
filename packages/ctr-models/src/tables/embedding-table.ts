import type { Rng } from '@expctr/core';
import type { Backbone } from '../backbones/backbone.js';
import { EMBEDDING_DEVIATION } from '../backbones/fields.js';
import { eventsFeatures, tableFeatures, type FeatureSchema, type TableSchema } from '../features/schema.js';
import { tableRows } from '../features/value-ids.js';

/**
 * An embedding table in JavaScript memory. Row = `dimension` embedding components, then one first-order weight for each feature
 * that looks the table up: a liked item in the history and the target item share their embedding, not their bias.
 */
export interface EmbeddingTable {
  /** Name in the schema. */
  readonly name: string;
  /** Ids including 0, the unknown one. */
  readonly rows: number;
  /** Components of an embedding, at most those of a field, whose rest is zeros; 0 for backbones without. */
  readonly dimension: number;
  /** The features with a first-order weight, in the order of the row's tail. */
  readonly features: readonly string[];
  /** `dimension + features.length`. */
  readonly width: number;
  /** [rows, width], row major. */
  readonly values: Float32Array;
}

/** An embedding table without its numbers. */
export type TableLayout = Omit<EmbeddingTable, 'values'>;

/** How many components embeddings have: those of a field in every table, or fewer in smaller tables. */
export const EMBEDDING_SIZES = ['equal', 'by-size'] as const;

/** One of {@link EMBEDDING_SIZES}. */
export type EmbeddingSizes = (typeof EMBEDDING_SIZES)[number];

/** What tables are laid out by. */
export interface LayoutOptions extends Pick<Backbone, 'usesSequences'> {
  /** Default `equal`. */
  readonly embeddingSizes?: EmbeddingSizes | undefined;
}

/**
 * The tables of a schema for fields of `dimension` components. A table that only past events look up is left out for a backbone that does
 * not ask for them.
 */
export function tableLayouts(
  schema: FeatureSchema,
  { usesSequences = false, embeddingSizes }: LayoutOptions,
  dimension: number,
): TableLayout[] {
  const events = usesSequences ? eventsFeatures(schema).flatMap(({ fields }) => fields) : [];
  const used = new Set([...tableFeatures(schema), ...events].map((f) => f.table));
  return schema.tables.flatMap((table) => {
    if (!used.has(table.name)) return [];
    const features = tableFeatures(schema).flatMap((f) => (f.table === table.name ? [f.name] : []));
    const own = Math.min(dimension, ownDimension(table, embeddingSizes));
    return [{ name: table.name, rows: tableRows(table), dimension: own, features, width: own + features.length }];
  });
}

/** Six times the fourth root of the number of values (Wang et al. 2017, Deep & Cross Network, section 4): 11 components for ten values, 60 for 10,000. */
function ownDimension(table: TableSchema, sizes: EmbeddingSizes = 'equal'): number {
  return table.dimension ?? (sizes === 'equal' ? Infinity : Math.ceil(6 * (tableRows(table) - 1) ** 0.25));
}

/**
 * Fresh tables for a schema: small embeddings, first-order weights zero, and all of row 0 zero, so that a value never seen in
 * training says nothing.
 */
export function createTables(schema: FeatureSchema, options: LayoutOptions, dimension: number, rng: Rng): EmbeddingTable[] {
  return tableLayouts(schema, options, dimension).map((layout) => {
    const { name, rows, width } = layout;
    const values = new Float32Array(rows * width);
    if (layout.dimension > 0) {
      const stream = rng.fork('table', name);
      const scale = EMBEDDING_DEVIATION * Math.sqrt(12); // of uniform numbers, as fillUniform has it: there may be a hundred million
      for (let at = width; at < values.length; at += width) {
        for (let k = at, end = at + layout.dimension; k < end; k += 1) values[k] = (stream.next() - 0.5) * scale;
      }
    }
    return { ...layout, values };
  });
}
