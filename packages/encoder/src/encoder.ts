/** What a caller may follow while texts are encoded. */
export interface EncodeOptions {
  /** Called after every batch with the number of distinct texts done and their total. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called once for each position in `texts` whose text was cut to the encoder's token limit. */
  readonly onTruncated?: (index: number) => void;
}

/**
 * Turns texts into vectors. Implementations promise that the vector of a text depends on that text alone, never on what
 * else stands in the call, so that vectors may be cached by content; the empty string is a valid text.
 */
export interface Encoder {
  /** Short name for metadata and reports, such as `all-MiniLM-L6-v2`. */
  readonly name: string;
  /** Everything that a vector depends on besides the text: model files, precision, pooling, limits. The cache's key; `name` where it is absent. */
  readonly identity?: string;
  /** d, the size of a vector. */
  readonly dimension: number;
  /** Whether every vector has Euclidean length 1 (or is the zero vector of a text in which nothing could be counted). */
  readonly normalized: boolean;
  /** How many of the texts given so far were longer than the encoder reads and were cut. */
  readonly truncated: number;
  /** Vectors in the order of `texts`: float32 [n, d], row major. Repeated texts are computed once. */
  encode(texts: readonly string[], options?: EncodeOptions): Promise<Float32Array>;
  /** Frees what the encoder holds outside JavaScript's heap; it cannot encode afterwards. */
  dispose?(): Promise<void>;
}
