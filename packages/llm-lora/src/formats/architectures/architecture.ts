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
}
