/** What code outside of a model family knows of a model's hyperparameters; the configuration of a family extends it. */
export interface DecoderConfig {
  /** Width of the residual stream, and of what meets the output head. */
  readonly hiddenSize: number;
  /** Number of decoder blocks. */
  readonly layers: number;
  /** Number of key and value heads. */
  readonly keyValueHeads: number;
  /** Width of one head of keys and values. */
  readonly headDim: number;
  /** Rows of the embedding table and of the output head. */
  readonly vocabularySize: number;
  /** Longest context, in tokens. */
  readonly maxPositions: number;
  /** Id of the begin-of-sequence token, if the model has one. */
  readonly bosTokenId: number | null;
  /** Ids that end a generated sequence; generation_config.json comes before config.json. */
  readonly eosTokenIds: readonly number[];
}
