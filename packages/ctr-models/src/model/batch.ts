import { spec, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import { CtrError } from '../errors.js';
import type { Features } from '../features/encode.js';
import { denseFeatures, numericFeatures, tableFeatures, type FeatureSchema } from '../features/schema.js';
import type { EmbeddingTable } from '../tables/embedding-table.js';
import { gatherField, type FieldBuffers } from '../tables/gather.js';
import { fieldLookups, type FieldLookup } from '../tables/lookup.js';

/** The gathered table rows, as they go into a compiled function: what gradients are wanted for. */
export type RowInputs<L> = { readonly embeddings?: L; readonly firstOrder: L };

/** The other inputs of a batch. */
export type OtherInputs<L> = { readonly numeric?: L; readonly dense: Readonly<Record<string, L>> };

/** The specs of both for a batch of `size` rows. */
export function batchSpecs(
  schema: FeatureSchema,
  dimension: number,
  size: number,
): { rows: RowInputs<TensorSpec>; others: OtherInputs<TensorSpec> } {
  const fields = tableFeatures(schema).length;
  const numbers = numericFeatures(schema).length;
  return {
    rows: {
      ...(dimension > 0 ? { embeddings: spec([size, fields, dimension]) } : {}),
      firstOrder: spec([size, fields]),
    },
    others: {
      ...(numbers > 0 ? { numeric: spec([size, numbers]) } : {}),
      dense: Object.fromEntries(denseFeatures(schema).map((f) => [f.name, spec([size, f.dimension])])),
    },
  };
}

/** Buffers for a batch, reused from batch to batch. */
export interface BatchBuffers extends FieldBuffers {
  /** Rows that fit. */
  readonly size: number;
  /** Inputs of the compiled functions: views of these buffers. */
  readonly rows: RowInputs<Float32Array>;
  /** As `rows`. */
  readonly others: OtherInputs<Float32Array>;
}

/** Empty buffers for `size` rows. */
export function createBuffers(schema: FeatureSchema, dimension: number, size: number): BatchBuffers {
  const fields = tableFeatures(schema).length;
  const numbers = numericFeatures(schema).length;
  const embeddings = new Float32Array(size * fields * dimension);
  const firstOrder = new Float32Array(size * fields);
  return {
    size,
    embeddings,
    firstOrder,
    rows: { ...(dimension > 0 ? { embeddings } : {}), firstOrder },
    others: {
      ...(numbers > 0 ? { numeric: new Float32Array(size * numbers) } : {}),
      dense: Object.fromEntries(denseFeatures(schema).map((f) => [f.name, new Float32Array(size * f.dimension)])),
    },
  };
}

/** Gathers batches out of feature columns and tables. */
export interface Gatherer {
  /** The table features' lookups, in the order of the fields. */
  readonly lookups: readonly FieldLookup[];
  /** Fills the buffers with the rows `rows[start .. start + count)`; what lies behind them in the buffers stays as it was. */
  gather(rows: Int32Array, start: number, count: number, into: BatchBuffers): void;
}

/**
 * A gatherer for checked features.
 * @param atMean dense features to hold at their training mean (zero, once standardized)
 * @throws CtrError `CTR_SCHEMA` for a name in `atMean` that is no dense feature.
 */
export function createGatherer(features: Features, tables: readonly EmbeddingTable[], atMean: readonly string[] = []): Gatherer {
  const lookups = fieldLookups(features, tables);
  const fields = lookups.length;
  const numeric = numericFeatures(features.schema).map((f) => features.columns[f.name]!);
  const dense = denseFeatures(features.schema).map((f) => ({ ...f, mean: Float32Array.from(f.mean), column: features.columns[f.name]! }));
  const unknown = atMean.find((name) => !dense.some((f) => f.name === name));
  if (unknown !== undefined)
    throw new CtrError('CTR_SCHEMA', `'${unknown}' is no dense feature`, { expected: dense.map((f) => f.name).join(', ') });

  return {
    lookups,
    gather(rows, start, count, into) {
      lookups.forEach((lookup, field) => gatherField(into, lookup, tables[lookup.table]!, { field, fields, rows, start, count }));
      numeric.forEach((column, k) => {
        if (column.kind !== 'numbers') return;
        const { values, index } = column;
        for (let b = 0; b < count; b += 1) {
          const row = rows[start + b]!;
          const position = index === undefined ? row : index[row]!;
          into.others.numeric![b * numeric.length + k] = position < 0 ? 0 : values[position]!;
        }
      });
      for (const { name, dimension, mean, scale, column } of dense) {
        const out = into.others.dense[name]!;
        if (column.kind !== 'dense' || atMean.includes(name)) {
          out.fill(0);
          continue;
        }
        const { data, index } = column;
        for (let b = 0, at = 0; b < count; b += 1) {
          const row = rows[start + b]!;
          const from = (index === undefined ? row : index[row]!) * dimension;
          for (let k = 0; k < dimension; k += 1, at += 1) out[at] = (data[from + k]! - mean[k]!) * scale;
        }
      }
    },
  };
}
