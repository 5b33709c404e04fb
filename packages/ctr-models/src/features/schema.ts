/** A vocabulary and the embedding table behind it. Several features may look up one table. */
export interface TableSchema {
  /** Unique name. */
  readonly name: string;
  /** `vocabulary[k]` has id k + 1; id 0 stands for every unknown value. Empty with `hash`. */
  readonly vocabulary: readonly string[];
  /** Ids by hash instead of a vocabulary; absent where there is one. */
  readonly hash?: TableHash;
  /** Components of its embeddings where they are fewer than those of a field; the others of the field are zeros. */
  readonly dimension?: number;
}

/** A value's id is `1 + valueHash(value) % buckets`; 0 is a missing value. */
export interface TableHash {
  /** Ids, 0 not counted. */
  readonly buckets: number;
  /** Distinct values in the training rows. */
  readonly values: number;
  /** How many of these share their bucket, and so their embedding, with another. */
  readonly shared: number;
}

/** One value of a table: a user, an item. */
export interface CategoricalFeature {
  /** Discriminates the union. */
  readonly kind: 'categorical';
  /** Unique name. */
  readonly name: string;
  /** The table it looks up. */
  readonly table: string;
}

/** A set of values pooled to one field embedding: genres. */
export interface MultiValuedFeature {
  /** Discriminates the union. */
  readonly kind: 'multi-valued';
  /** Unique name. */
  readonly name: string;
  /** The table it looks up. */
  readonly table: string;
  /** How the rows of the values become one. No values give zeros. */
  readonly pooling: 'mean' | 'sum';
  /** At most so many values count: the first ones. */
  readonly maxLength: number;
}

/** An ordered list of values, oldest first, pooled by its mean over the entries there are: the items of a history. */
export interface SequenceFeature {
  /** Discriminates the union. */
  readonly kind: 'sequence';
  /** Unique name. */
  readonly name: string;
  /** The table it looks up, usually another feature's. */
  readonly table: string;
  /** At most so many entries count: the newest (last) ones. */
  readonly maxLength: number;
}

/**
 * A field of a past event: one value of a table, or a set of values pooled for each event.
 * With a `target` it is the past of another feature, the row's own value of the same kind and table.
 */
export type EventField = (CategoricalFeature | MultiValuedFeature) & {
  /** Name of the feature of the row that it stands beside; absent for what is known of past events alone, such as their label. */
  readonly target?: string;
};

/**
 * A list of past events, oldest first, each with fields of its own that stay aligned and are not pooled over the list: what a user did
 * before. It is no field of `batch.embeddings`; backbones that ask for sequences find it in `batch.sequences`.
 */
export interface EventsFeature {
  /** Discriminates the union. */
  readonly kind: 'events';
  /** Unique name. */
  readonly name: string;
  /** The fields of an event, those with a target first. At least one is categorical. Names are unique within the feature. */
  readonly fields: readonly EventField[];
  /** At most so many events count: the newest (last) ones. */
  readonly maxLength: number;
}

/**
 * A number, read as float32, the type in which a served model takes it, and standardized with the mean and the standard deviation of the
 * training rows.
 */
export interface NumericFeature {
  /** Discriminates the union. */
  readonly kind: 'numeric';
  /** Unique name. */
  readonly name: string;
  /** What NaN means: `mean` (a missing value, read as the training mean) or `error`. */
  readonly missing: 'mean' | 'error';
  /** Mean over the training rows, missing ones left out. */
  readonly mean: number;
  /** Standard deviation over the training rows; 0 for a constant, which then reads as 0. */
  readonly standardDeviation: number;
}

/**
 * How often the value of a categorical feature occurs in the training rows, as a number: log(1 + count), standardized.
 * The counts are part of the schema, so that a popularity is the same wherever it is looked up.
 */
export interface FrequencyFeature {
  /** Discriminates the union. */
  readonly kind: 'frequency';
  /** Unique name. */
  readonly name: string;
  /** The categorical feature whose values are counted. */
  readonly of: string;
  /** Training rows by id of that feature's table; unknown values count 0. */
  readonly counts: readonly number[];
  /** Mean of log(1 + count) over the training rows. */
  readonly mean: number;
  /** Its standard deviation; 0 for a constant. */
  readonly standardDeviation: number;
}

/** How many entries a list feature has, as a number: log(1 + count), standardized. Pooling by the mean alone would forget it. */
export interface LengthFeature {
  /** Discriminates the union. */
  readonly kind: 'length';
  /** Unique name. */
  readonly name: string;
  /** The multi-valued or sequence feature; entries beyond its `maxLength` do not count. */
  readonly of: string;
  /** Mean of log(1 + count) over the training rows. */
  readonly mean: number;
  /** Its standard deviation; 0 for a constant. */
  readonly standardDeviation: number;
}

/** A feature that is a number. */
export type NumberFeature = NumericFeature | FrequencyFeature | LengthFeature;

/**
 * A vector of fixed size: the embedding of an explanation, a text, an image.
 *
 * The backbone sees `(z - mean) * scale` with one scale for all components, 1 / sqrt(sum of the training variances): the squared
 * norm is 1 on average whatever the dimension, so that a vector of 384 numbers does not outweigh the rest, weak directions are not
 * blown up, and a constant vector becomes exactly zero.
 */
export interface DenseFeature {
  /** Discriminates the union. */
  readonly kind: 'dense';
  /** Unique name. */
  readonly name: string;
  /** Number of components. */
  readonly dimension: number;
  /** Mean of each component over the training rows. */
  readonly mean: readonly number[];
  /** Common factor; 0 where the vector is constant. */
  readonly scale: number;
}

/** A feature whose field embedding comes out of a table. */
export type TableFeature = CategoricalFeature | MultiValuedFeature | SequenceFeature;

/** A feature with what was fitted for it on the training rows. */
export type Feature = TableFeature | EventsFeature | NumberFeature | DenseFeature;

/** Everything that must be known to turn raw columns into a backbone's inputs. Plain JSON. */
export interface FeatureSchema {
  /** Version of this form. */
  readonly version: 'features/1';
  /** Tables in the order of their first use. */
  readonly tables: readonly TableSchema[];
  /** Features in order; the table features among them, in this order, are the fields of `batch.embeddings`. */
  readonly features: readonly Feature[];
}

/** The features with tables, in the order of the axis `fields` of `batch.embeddings`. */
export function tableFeatures(schema: FeatureSchema): TableFeature[] {
  return schema.features.filter((f): f is TableFeature => f.kind === 'categorical' || f.kind === 'multi-valued' || f.kind === 'sequence');
}

/** The features that are numbers, in the order of the columns of `batch.numeric`. */
export function numericFeatures(schema: FeatureSchema): NumberFeature[] {
  return schema.features.filter((f) => f.kind === 'numeric' || f.kind === 'frequency' || f.kind === 'length');
}

/** A number as a backbone sees it: less the mean, over the standard deviation; 0 where the training rows were constant. */
export function standardize({ mean, standardDeviation }: NumberFeature, value: number): number {
  return standardDeviation > 0 ? (value - mean) / standardDeviation : 0;
}

/** The standardized frequency by id. */
export function frequencies(feature: FrequencyFeature): Float32Array {
  return Float32Array.from(feature.counts, (count) => standardize(feature, Math.log1p(count)));
}

/** The standardized length by number of entries, from 0 to `longest`. */
export function lengths(feature: LengthFeature, longest: number): Float32Array {
  return Float32Array.from({ length: longest + 1 }, (_, count) => standardize(feature, Math.log1p(count)));
}

/** The dense-vector features. */
export function denseFeatures(schema: FeatureSchema): DenseFeature[] {
  return schema.features.filter((f) => f.kind === 'dense');
}

/** The lists of past events, by which `batch.sequences` is named. */
export function eventsFeatures(schema: FeatureSchema): EventsFeature[] {
  return schema.features.filter((f) => f.kind === 'events');
}
