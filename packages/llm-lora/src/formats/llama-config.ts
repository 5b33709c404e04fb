/** Positions divided by a constant (Hugging Face's rope_type `linear`). */
export interface LinearRopeScaling {
  /** Names the form. */
  readonly type: 'linear';
  /** Positions are divided by this. */
  readonly factor: number;
}

/** Llama 3.1's frequency scaling (Hugging Face's rope_type `llama3`): low frequencies are stretched, high ones stay. */
export interface Llama3RopeScaling {
  /** Names the form. */
  readonly type: 'llama3';
  /** Frequencies whose wavelength exceeds `originalMaxPositions / lowFrequencyFactor` are divided by this. */
  readonly factor: number;
  /** `low_freq_factor` of config.json. */
  readonly lowFrequencyFactor: number;
  /** `high_freq_factor`: wavelengths below `originalMaxPositions / highFrequencyFactor` stay as they are. */
  readonly highFrequencyFactor: number;
  /** `original_max_position_embeddings`: the context of pre-training, in tokens. */
  readonly originalMaxPositions: number;
}

/** How rotary frequencies are stretched beyond the trained context; pure data, applied by the model. */
export type RopeScaling = LinearRopeScaling | Llama3RopeScaling;

/** The Llama architecture's hyperparameters (grouped-query attention, RoPE in rotate-half form, SwiGLU, RMSNorm, no biases). */
export interface LlamaConfig {
  /** Width of the residual stream. */
  readonly hiddenSize: number;
  /** Width of the feed-forward block. */
  readonly intermediateSize: number;
  /** Number of decoder blocks. */
  readonly layers: number;
  /** Number of query heads. */
  readonly heads: number;
  /** Number of key and value heads; divides `heads`. */
  readonly keyValueHeads: number;
  /** Width of one head; usually `hiddenSize / heads`, but its own number in the file format. */
  readonly headDim: number;
  /** Rows of the embedding table. */
  readonly vocabularySize: number;
  /** Longest context, in tokens. */
  readonly maxPositions: number;
  /** Epsilon inside RMSNorm's square root. */
  readonly normEpsilon: number;
  /** Base of the rotary frequencies. */
  readonly ropeTheta: number;
  /** Frequency scaling for long contexts, or null. */
  readonly ropeScaling: RopeScaling | null;
  /** True where the output head is the embedding table; `lm_head.weight` is then absent from the tensors. */
  readonly tiedEmbeddings: boolean;
  /** Id of the begin-of-sequence token, if the model has one. */
  readonly bosTokenId: number | null;
  /** Ids that end a generated sequence; generation_config.json comes before config.json. */
  readonly eosTokenIds: readonly number[];
}
