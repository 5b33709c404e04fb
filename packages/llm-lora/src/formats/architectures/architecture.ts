import type { Fields } from '../fields.js';
import type { LlamaConfig } from '../llama-config.js';

/** What the loader must know of a model family. A new family is one file beside this one and one line in `table.ts`. */
export interface Architecture {
  /** `model_type` in config.json. */
  readonly modelType: string;
  /** The entry of `architectures` in config.json. */
  readonly className: string;
  /** Reads config.json. @throws FormatError for missing, wrong or unsupported fields. */
  parseConfig(fields: Fields): LlamaConfig;
  /** Hugging Face names and shapes of all the tensors that a model of this configuration has. */
  tensorShapes(config: LlamaConfig): Map<string, readonly number[]>;
  /** Names that a file may hold beyond `tensorShapes`, and that are not read. */
  ignores(name: string, config: LlamaConfig): boolean;
  /** How llama.cpp stores the family. */
  readonly gguf: GgufConventions;
}

/** A family as llama.cpp's converter writes it. */
export interface GgufConventions {
  /** `general.architecture` in the metadata. */
  readonly architecture: string;
  /**
   * Reads the metadata.
   * @param hasTensor whether the file holds a tensor of that (GGUF) name.
   * @throws FormatError for missing, wrong or unsupported fields.
   */
  parseConfig(fields: Fields, hasTensor: (name: string) => boolean): LlamaConfig;
  /** The Hugging Face name of a tensor, null where it has none. */
  huggingFaceName(name: string): string | null;
  /** The heads of a tensor (by its Hugging Face name) whose rows are permuted for interleaved rotary embeddings, null for all others. */
  permutedHeads(name: string, config: LlamaConfig): number | null;
}
