import { checkOptions, type OptionKeys } from '@expctr/core';
import type { FrozenFormat } from '@expctr/tfjs-backend-onnx';
import { stat } from '@expctr/core/platform';
import type { HubOptions } from '@expctr/hub';
import { familiesWith } from '../families/find.js';
import type { ModelFamily } from '../families/family.js';
import type { DecoderConfig } from '../model/config.js';
import type { FloatTensor, StoredTensor } from './host-tensor.js';
import { FormatError } from './errors.js';
import { checkpointFiles } from './hub-files.js';
import { locateModel } from './locate-model.js';
import { openFolder, openGgufModel, type OpenModel } from './open-model.js';
import { withOwnHead } from './untie.js';
import { keepSmall, readWeights } from './weights.js';

/** A language model's weights in host memory. */
export interface Checkpoint<C extends DecoderConfig = DecoderConfig, T extends StoredTensor = FloatTensor> {
  /** The model family that its files name. */
  readonly family: ModelFamily<C>;
  /** Hyperparameters, of the family's own type. */
  readonly config: C;
  /** Weights by Hugging Face name (`model.layers.0.self_attn.q_proj.weight`), shape [out, in] as stored, all float32 unless stored small. */
  readonly tensors: ReadonlyMap<string, T>;
  /** The folder or file it was read from. */
  readonly source: string;
}

/** Options of {@link loadCheckpoint}. */
export interface LoadCheckpointOptions {
  /** Called after each tensor with the number of weights read so far and the number of all. */
  readonly onProgress?: (loaded: number, total: number) => void;
  /** Where a model that is named by its hub id comes from, and where it is kept. */
  readonly hub?: HubOptions;
  /** Model families beside the built-in ones. */
  readonly families?: readonly ModelFamily[];
}

const LOAD_CHECKPOINT_OPTIONS: OptionKeys<LoadCheckpointOptions> = { onProgress: true, hub: true, families: true };

/**
 * Loads a causal language model into memory as float32:
 * - a Hugging Face folder: config.json with `model.safetensors` or the shards of `model.safetensors.index.json` (F32, F16, BF16);
 * - a `.gguf` file, or a folder with one and no safetensors (F32, F16, BF16, Q4_0 to Q8_0, Q2_K to Q6_K, IQ4_NL, IQ4_XS);
 *   config.json beside it is checked against its metadata and then comes first;
 * - `owner/name` or `owner/name@revision` of the Hugging Face hub, from the hub's cache or fetched into it. What is here comes first.
 *
 * Each tensor is read straight into its own memory, so the peak is the model plus a few MiB.
 *
 * A head that is stored beside the embedding table, and differs, is used though config.json ties the two, as in transformers.
 *
 * The family comes from the files: `model_type` and `architectures` in config.json, `general.architecture` in GGUF.
 *
 * @throws FormatError where something is missing, damaged, unsupported or contradictory; it names the file and the remedy.
 * @throws HubError where a model of the hub cannot be had.
 */
export async function loadCheckpoint(pathOrId: string, options: LoadCheckpointOptions = {}): Promise<Checkpoint> {
  return (await loadStoredCheckpoint(pathOrId, 'float32', options)) as Checkpoint;
}

/**
 * The same with the matrices of linear layers, embedding table and head stored small, each as soon as it is read: the peak is the small
 * model and the largest of its tensors. Norms and biases stay float32.
 */
export async function loadStoredCheckpoint(
  pathOrId: string,
  format: FrozenFormat,
  options: LoadCheckpointOptions = {},
): Promise<Checkpoint<DecoderConfig, StoredTensor>> {
  checkOptions('loadCheckpoint', options, LOAD_CHECKPOINT_OPTIONS);
  const { path } = await locateModel(pathOrId, options.hub, checkpointFiles);
  const opened = await openModel(path, familiesWith(options.families));
  try {
    const model = await withOwnHead(opened);
    const keep = format === 'float32' ? undefined : keepSmall(model, format);
    const tensors = await readWeights(model, options.onProgress, keep);
    return { family: model.family, config: model.config, tensors, source: path };
  } finally {
    await opened.source.close();
  }
}

/** A checkpoint in memory with its matrices stored small, as {@link loadStoredCheckpoint} has them. */
export async function storedCheckpoint<C extends DecoderConfig>(
  checkpoint: Checkpoint<C>,
  format: FrozenFormat,
): Promise<Checkpoint<C, StoredTensor>> {
  const keep = keepSmall({ family: checkpoint.family, config: checkpoint.config }, format);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of checkpoint.tensors) tensors.set(name, await keep(name, tensor));
  return { ...checkpoint, tensors };
}

/** Opens a model's header and weights by its path. The holder closes `source`. @throws FormatError, as `loadCheckpoint` */
export async function openModel(path: string, families: readonly ModelFamily[]): Promise<OpenModel> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true) return openFolder(path, families);
  if (found !== null && path.endsWith('.gguf')) return openGgufModel(path, families);
  throw new FormatError(
    'CHECKPOINT_NOT_FOUND',
    found === null ? 'there is no such file or folder' : 'a single file that is not a .gguf file is not a model',
    {
      where: path,
      expected:
        'a folder with config.json and model.safetensors, a .gguf file, or the id of a model on the hub, such as HuggingFaceTB/SmolLM2-135M-Instruct',
      remedy: 'check the path, or give the id of a model on the hub, which is downloaded',
      wrongUse: true,
    },
  );
}
