import type { Rng } from '@expctr/core';
import type { Backbone } from '../backbones/backbone.js';
import { EMBEDDING_DEVIATION } from '../backbones/fields.js';
import { fillUniform } from '../backbones/initializers.js';
import { eventsFeatures, tableFeatures, type FeatureSchema } from '../features/schema.js';

/**
 * An embedding table in JavaScript memory. Row = `dimension` embedding components, then one first-order weight for each feature
 * that looks the table up: a liked item in the history and the target item share their embedding, not their bias.
 */
export interface EmbeddingTable {
  /** Name in the schema. */
  readonly name: string;
  /** Ids including 0, the unknown one. */
  readonly rows: number;
  /** Components of an embedding; 0 for backbones without. */
  readonly dimension: number;
  /** The features with a first-order weight, in the order of the row's tail. */
  readonly features: readonly string[];
  /** `dimension + features.length`. */
  readonly width: number;
  /** [rows, width], row major. */
  readonly values: Float32Array;
}

/**
 * Fresh tables for a schema: small embeddings, first-order weights zero, and all of row 0 zero, so that a value never seen in
 * training says nothing. A table that only past events look up is left out for a backbone that does not ask for them.
 */
export function createTables(
  schema: FeatureSchema,
  { usesSequences = false }: Pick<Backbone, 'usesSequences'>,
  dimension: number,
  rng: Rng,
): EmbeddingTable[] {
  const events = usesSequences ? eventsFeatures(schema).flatMap(({ fields }) => fields) : [];
  const used = new Set([...tableFeatures(schema), ...events].map((f) => f.table));
  return schema.tables.flatMap(({ name, vocabulary }) => {
    if (!used.has(name)) return [];
    const features = tableFeatures(schema).flatMap((f) => (f.table === name ? [f.name] : []));
    const width = dimension + features.length;
    const rows = vocabulary.length + 1;
    const values = new Float32Array(rows * width);
    if (dimension > 0) {
      const stream = rng.fork('table', name);
      for (let row = 1; row < rows; row += 1)
        fillUniform(values.subarray(row * width, row * width + dimension), EMBEDDING_DEVIATION, stream);
    }
    return [{ name, rows, dimension, features, width, values }];
  });
}
