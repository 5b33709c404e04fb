/** What a kind of model consists of. */
export interface ModelKind {
  /** Files that it has beside its graph. */
  readonly needed: readonly string[];
  /** Names of its graph without precision and ending; the first that is there is it. */
  readonly graphs: readonly [string, ...string[]];
}

/** A model of texts. */
export const TEXT_MODEL: ModelKind = { needed: ['config.json', 'tokenizer.json', 'tokenizer_config.json'], graphs: ['model'] };

/** A model of images; one of images and texts, such as CLIP, has a graph for each besides the graph of both. */
export const IMAGE_MODEL: ModelKind = { needed: ['config.json', 'preprocessor_config.json'], graphs: ['vision_model', 'model'] };
