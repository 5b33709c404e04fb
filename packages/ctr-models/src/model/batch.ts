import { spec, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import type { EventSequence, FeatureBatch } from '../backbones/backbone.js';
import { CtrError } from '../errors.js';
import type { Features } from '../features/encode.js';
import { denseFeatures, eventsFeatures, numericFeatures, tableFeatures, type FeatureSchema } from '../features/schema.js';
import type { EmbeddingTable, TableLayout } from '../tables/embedding-table.js';
import type { EventSizes } from '../tables/event-sizes.js';
import { createEventBuffers, createEventGatherer, type EventBuffers } from '../tables/gather-events.js';
import { gatherField, type FieldBuffers } from '../tables/gather.js';
import { fieldLookups, type FieldLookup } from '../tables/lookup.js';
import { eventSequence, type EventIds } from '../tables/read-events.js';
import { gatherShared, type Searches } from './shared-values.js';

/** Sizes of a batch's inputs. */
export interface BatchShape {
  /** The features. */
  readonly schema: FeatureSchema;
  /** Components of a field embedding; 0 for backbones without. */
  readonly dimension: number;
  /** Rows. */
  readonly size: number;
  /** Sizes of the sequences; absent for backbones without. */
  readonly events?: EventSizes;
  /** Which of them are compared with the row; absent for backbones that do not ask. */
  readonly searches?: Searches;
}

/** The gathered table rows, as they go into a compiled function: what gradients are wanted for. */
export type RowInputs<L> = {
  readonly embeddings?: L;
  readonly firstOrder: L;
  /** Embeddings [rows, dimension] by table that sequences are read from. */
  readonly tables?: Readonly<Record<string, L>>;
};

/** The other inputs of a batch. */
export type OtherInputs<L> = {
  readonly numeric?: L;
  readonly dense: Readonly<Record<string, L>>;
  /** By feature and field. */
  readonly events?: Readonly<Record<string, Readonly<Record<string, EventIds<L>>>>>;
  /** By feature that is searched: which events share a value with the row, [batch, length]. */
  readonly shared?: Readonly<Record<string, L>>;
};

/** What the backbone sees, made of the inputs of a compiled function. @param layouts where `tables` are whole tables */
export function featureBatch(
  schema: FeatureSchema,
  { embeddings, firstOrder, tables = {} }: RowInputs<tf.Tensor>,
  { events, shared = {}, ...others }: OtherInputs<tf.Tensor>,
  layouts?: readonly TableLayout[],
): FeatureBatch {
  const asked = events === undefined ? [] : eventsFeatures(schema);
  const sequences = asked.map((f): readonly [string, EventSequence] => {
    const sequence = eventSequence(schema, f, tables, events![f.name]!, embeddings as tf.Tensor3D, layouts);
    return [f.name, Object.hasOwn(shared, f.name) ? { ...sequence, shared: shared[f.name] as tf.Tensor2D } : sequence];
  });
  return {
    ...(embeddings === undefined ? {} : { embeddings }),
    firstOrder,
    ...others,
    sequences: Object.fromEntries(sequences),
  } as unknown as FeatureBatch;
}

/** The specs of both for a batch. */
export function batchSpecs({ schema, dimension, size, events, searches }: BatchShape): {
  rows: RowInputs<TensorSpec>;
  others: OtherInputs<TensorSpec>;
} {
  const fields = tableFeatures(schema).length;
  const numbers = numericFeatures(schema).length;
  return {
    rows: {
      ...(dimension > 0 ? { embeddings: spec([size, fields, dimension]) } : {}),
      firstOrder: spec([size, fields]),
      ...(events === undefined ? {} : { tables: mapValues(events.tables, (rows) => spec([rows, dimension])) }),
    },
    others: {
      ...(numbers > 0 ? { numeric: spec([size, numbers]) } : {}),
      dense: Object.fromEntries(denseFeatures(schema).map((f) => [f.name, spec([size, f.dimension])])),
      ...(events === undefined ? {} : { events: eventSpecs(events, size) }),
      ...(searches === undefined ? {} : { shared: mapValues(searches, (_, name) => spec([size, events!.features[name]!.length])) }),
    },
  };
}

function eventSpecs({ features }: EventSizes, size: number): NonNullable<OtherInputs<TensorSpec>['events']> {
  return mapValues(features, ({ length, bags }) =>
    mapValues(bags, (bag) => ({
      at: spec([size, length], 'int32'),
      ...(bag === null ? {} : { bags: spec([bag.sets, bag.values], 'int32') }),
    })),
  );
}

function mapValues<A, B>(of: Readonly<Record<string, A>>, make: (value: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, make(value, name)]));
}

/** Buffers for a batch, reused from batch to batch. */
export interface BatchBuffers extends FieldBuffers {
  /** Rows that fit. */
  readonly size: number;
  /** Those of the sequences; absent for backbones without. */
  readonly events?: EventBuffers;
  /** As in the {@link BatchShape}. */
  readonly searches?: Searches;
  /** Inputs of the compiled functions: views of these buffers. */
  readonly rows: RowInputs<Float32Array>;
  /** As `rows`. */
  readonly others: OtherInputs<Float32Array | Int32Array>;
}

/** Empty buffers for a batch. */
export function createBuffers({ schema, dimension, size, events: sizes, searches }: BatchShape): BatchBuffers {
  const fields = tableFeatures(schema).length;
  const numbers = numericFeatures(schema).length;
  const embeddings = new Float32Array(size * fields * dimension);
  const firstOrder = new Float32Array(size * fields);
  const events = sizes === undefined ? undefined : createEventBuffers(sizes, dimension, size);
  return {
    size,
    embeddings,
    firstOrder,
    ...(events === undefined ? {} : { events }),
    ...(searches === undefined ? {} : { searches }),
    rows: { ...(dimension > 0 ? { embeddings } : {}), firstOrder, ...(events === undefined ? {} : { tables: events.tables }) },
    others: {
      ...(numbers > 0 ? { numeric: new Float32Array(size * numbers) } : {}),
      dense: Object.fromEntries(denseFeatures(schema).map((f) => [f.name, new Float32Array(size * f.dimension)])),
      ...(events === undefined ? {} : { events: events.ids }),
      ...(searches === undefined
        ? {}
        : { shared: mapValues(searches, (_, name) => new Float32Array(size * sizes!.features[name]!.length)) }),
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

/** Options of {@link createGatherer}. */
export interface GathererOptions {
  /** Whether to gather the sequences. */
  readonly events: boolean;
  /** Dense features to hold at their training mean (zero, once standardized). */
  readonly atMean?: readonly string[];
}

/**
 * A gatherer for checked features.
 * @throws CtrError `CTR_SCHEMA` for a name in `atMean` that is no dense feature.
 */
export function createGatherer(features: Features, tables: readonly EmbeddingTable[], { events, atMean = [] }: GathererOptions): Gatherer {
  const gatherEvents = events ? createEventGatherer(features, tables) : undefined;
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
      if (into.events !== undefined) gatherEvents?.(rows, start, count, into.events);
      for (const [feature, field] of Object.entries(into.searches ?? {})) {
        const { length } = into.events!.sizes.features[feature]!;
        gatherShared(features, { feature, field }, { rows, start, count, length }, into.others.shared![feature] as Float32Array);
      }
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
