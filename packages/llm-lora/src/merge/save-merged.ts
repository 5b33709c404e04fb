import { checkOptions, type OptionKeys } from '@expctr/core';
import type { Adapter } from '../formats/adapter.js';
import { FormatError } from '../formats/errors.js';
import type { CausalLM } from '../policy/causal-lm.js';
import { saveHuggingFaceFolder } from './hugging-face-folder.js';
import { mergedTensors } from './merge-adapter.js';
import { saveGgufModel } from './gguf-model.js';

/** What both forms of a merged model take. */
export interface SaveMergedFiles {
  /**
   * A folder with config.json and the tokenizer's files of the base model, where what the policy was loaded from has none beside it: a GGUF
   * file, or a checkpoint that was made in memory. Default: what the policy was loaded from.
   */
  readonly files?: string;
  /** Called after each tensor with the number of weights written so far and the number of all. */
  readonly onProgress?: (written: number, total: number) => void;
}

/** A merged model as a folder that transformers loads. */
export interface SaveMergedFolderOptions extends SaveMergedFiles {
  /** A Hugging Face folder. Default. */
  readonly format?: 'safetensors';
  /** How weights are stored; `float16` and `bfloat16` round to nearest, ties to even. Default `float32`. */
  readonly dtype?: 'float32' | 'float16' | 'bfloat16';
  /** Bytes of weights in one file at most; more files have an index beside them. Default 5,000,000,000. */
  readonly maxShardBytes?: number;
}

/** A merged model as one file that llama.cpp loads. */
export interface SaveMergedGgufOptions extends SaveMergedFiles {
  /** A GGUF file, version 3. */
  readonly format: 'gguf';
  /**
   * How matrices are stored; vectors and learned positions stay float32, as llama.cpp's converter has it, and so do under `q8_0`, as
   * float16, matrices whose rows are no multiple of 32. Default `float16`.
   */
  readonly dtype?: 'float32' | 'float16' | 'q8_0';
  /** Whether the tokenizer is written into the file. What cannot be is an error. Default true. */
  readonly tokenizer?: boolean;
}

/** Options of {@link saveMerged}. */
export type SaveMergedOptions = SaveMergedFolderOptions | SaveMergedGgufOptions;

type AllOptions = Omit<SaveMergedFolderOptions, 'format' | 'dtype'> &
  Omit<SaveMergedGgufOptions, 'format' | 'dtype'> & { readonly format?: string; readonly dtype?: string };

const OPTIONS: OptionKeys<AllOptions> = {
  format: true,
  dtype: true,
  files: true,
  maxShardBytes: true,
  tokenizer: true,
  onProgress: true,
};

/** Which types of weights and which further options each form has. */
const FORMS = {
  safetensors: { dtypes: ['float32', 'float16', 'bfloat16'], without: 'tokenizer' },
  gguf: { dtypes: ['float32', 'float16', 'q8_0'], without: 'maxShardBytes' },
} as const;

const LARGEST_SHARD = 5e9;

/**
 * Saves a policy's model with an adapter folded into its weights: a Hugging Face folder (config.json, weights, the tokenizer's files), or a
 * GGUF file. Tensors are merged, rounded and written one by one, so that memory grows by the largest of them. The destination appears whole
 * or not at all. Of a model that is kept small, what is saved are the numbers that it multiplies by.
 *
 * @param adapterName null for the base model as it is, in another form
 * @param destination a folder, or a path that ends in `.gguf`; nothing may be there yet, but for an empty folder
 * @throws FormatError `MERGE_OPTION`, `MERGE_DESTINATION`, `MERGE_NO_CONFIG`, `MERGE_OVERFLOW`; `GGUF_FAMILY`, `GGUF_CONFIG` and
 *   `GGUF_TOKENIZER` for what llama.cpp's form has no place for
 * @throws {@link PolicyError} `ADAPTER_UNKNOWN`
 */
export async function saveMerged(
  policy: CausalLM,
  adapterName: string | null,
  destination: string,
  options: SaveMergedOptions = {},
): Promise<void> {
  checkOptions('saveMerged', options as AllOptions, OPTIONS);
  checkForm(options);
  const adapter: Adapter | null = adapterName === null ? null : policy.adapters.get(adapterName);
  const { checkpoint } = policy;
  const tensors = mergedTensors(checkpoint, adapter, adapterName === null ? undefined : `adapter ${adapterName}`);
  const { files = checkpoint.source, onProgress } = options;
  const common = { model: { ...checkpoint, tensors }, files, ...(onProgress === undefined ? {} : { onProgress }) };
  if (options.format === 'gguf') {
    const { dtype = 'float16', tokenizer = true } = options;
    await saveGgufModel(destination, { ...common, dtype, tokenizer });
  } else {
    const { dtype = 'float32', maxShardBytes = LARGEST_SHARD } = options;
    await saveHuggingFaceFolder(destination, { ...common, dtype, maxShardBytes });
  }
}

/** @throws FormatError `MERGE_OPTION` */
function checkForm({ format = 'safetensors', dtype, maxShardBytes, ...others }: AllOptions): void {
  const wrong = (what: string, expected: string): FormatError =>
    new FormatError('MERGE_OPTION', what, { where: 'saveMerged', expected, wrongUse: true });
  if (format !== 'safetensors' && format !== 'gguf') throw wrong(`format is ${format}`, 'safetensors or gguf');
  const { dtypes, without } = FORMS[format];
  if (dtype !== undefined && !(dtypes as readonly string[]).includes(dtype)) {
    throw wrong(`dtype is ${dtype}`, `one of ${dtypes.join(', ')} for ${format}`);
  }
  if ({ ...others, maxShardBytes }[without] !== undefined)
    throw wrong(`${without} is given for ${format}`, `${without} with the other format`);
  if (maxShardBytes !== undefined && !(Number.isInteger(maxShardBytes) && maxShardBytes >= 1)) {
    throw wrong(`maxShardBytes is ${maxShardBytes}`, 'a whole number of bytes from 1');
  }
}
