/**
 * All that a static encoder knows. The first half of a vector (`components` entries) is learned; the second half tells words and
 * pairs apart by random signs.
 */
export interface StaticTable {
  /** Words, and pairs of neighbors as `first second`. */
  readonly features: readonly string[];
  /** [features, dimension] row major. */
  readonly vectors: Float32Array;
  /** d, the size of a vector. */
  readonly dimension: number;
  /** Entries of a vector that are learned, the first ones. */
  readonly components: number;
  /** Size of the random signs of a word or pair that is not among the features. */
  readonly unknown: number;
  /** [dimension] what every text begins with: the negative of the mean text of the corpus. */
  readonly origin: Float32Array;
}
