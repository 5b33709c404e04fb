import type { Words } from '@expctr/data';
import type { Batcher } from '../batching.js';
import type { Cache } from '../cache.js';
import type { Generator } from '../explain/generator.js';
import type { Explanation, StoredExplanations } from '../explain/stored.js';
import type { ExplanationVectors } from '../explain/vectors.js';
import type { EncodedRow } from '../inputs/encode-row.js';
import type { Graph } from '../model/graph.js';
import type { Directory } from '../pairs/directory.js';

/** Which model answers. */
export interface ModelIdentity {
  /** Name of the predictor; null for a model by itself. */
  readonly predictor: string | null;
  /** The beginning of a checksum of what is served: another run has another. */
  readonly version: string;
}

/** What a run knows besides its model. */
export interface ServedData {
  readonly directory: Directory;
  readonly words: Words;
  readonly stored: StoredExplanations;
  /** Null for a model that is given no explanations. */
  readonly vectors: ExplanationVectors | null;
  /** Vectors of the items' images by the item's id; an item that the run did not know has none. */
  readonly images: ReadonlyMap<string, Float32Array>;
  /** Null where the language model was not asked for. */
  readonly generator: Generator | null;
  /** What the language model wrote, by all that it was shown. */
  readonly texts: Cache<Explanation>;
}

/** A run in memory, ready to answer. */
export interface Served {
  readonly model: ModelIdentity;
  readonly graph: Graph;
  readonly predict: Batcher<EncodedRow, number>;
  /** Null for a model by itself. */
  readonly data: ServedData | null;
  /** Frees all of it. */
  dispose(): Promise<void>;
}
