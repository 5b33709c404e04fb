import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRng, ExpctrError, parseJson, checkOptions, type OptionKeys } from '@expctr/core';
import { namedLeaves, unflattenTree, type HostTensor } from '@expctr/tfjs-backend-onnx';
import type { Backbone } from '../backbones/backbone.js';
import { findBackbone } from '../backbones/table.js';
import { CtrError } from '../errors.js';
import { checkSchema } from '../features/check-schema.js';
import { tableLayouts, type EmbeddingTable } from '../tables/embedding-table.js';
import { createCtrModel, type CtrModel } from './ctr-model.js';
import { readSafetensors } from './safetensors.js';
import { MODEL_FILES, type SavedConfig } from './save.js';

/** Options of {@link loadCtrModel}. */
export interface LoadCtrModelOptions {
  /** Backbones of one's own that the model may name. */
  readonly backbones?: readonly Backbone[];
}

const LOAD_CTR_MODEL_OPTIONS: OptionKeys<LoadCtrModelOptions> = { backbones: true };

/**
 * Loads what {@link CtrModel.save} wrote. The folder says which backbone it is of, and with which options: nothing is assumed.
 * @throws CtrError `CTR_MODEL_FILE` where the folder is missing, damaged or mixed; `CTR_BACKBONE` for a backbone that is not known.
 */
export async function loadCtrModel(folder: string, options: LoadCtrModelOptions = {}): Promise<CtrModel> {
  checkOptions('loadCtrModel', options, LOAD_CTR_MODEL_OPTIONS);
  if (typeof folder !== 'string') throw broken('loadCtrModel', `the folder is ${String(folder)}`, 'a path');
  try {
    return await load(folder, options);
  } catch (cause) {
    // What a damaged config.json leads to; with its tensors it would have been another model.
    if (cause instanceof ExpctrError) throw cause;
    throw broken(
      join(folder, MODEL_FILES.config),
      `no model can be made of it: ${(cause as Error).message}`,
      'a folder written by save()',
      cause,
    );
  }
}

async function load(folder: string, { backbones = [] }: LoadCtrModelOptions): Promise<CtrModel> {
  const config = await readConfig(join(folder, MODEL_FILES.config));
  const path = join(folder, MODEL_FILES.tensors);
  const { tensors, sha256 } = await readSafetensors(path);
  if (sha256 !== config.tensorsSha256) throw broken(path, 'it does not belong to the config.json beside it');

  const { schema, options, epochs, bestEpoch } = config;
  checkSchema(schema);
  const values = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  checkSizes({ ...config.backbone.options, embeddingDimension: options.embeddingDimension }, values, join(folder, MODEL_FILES.config));
  const backbone = findBackbone(config.backbone.name, backbones);
  const own = savedOptions(backbone, config.backbone.options, join(folder, MODEL_FILES.config));
  const dimension = backbone.usesEmbeddings ? options.embeddingDimension : 0;
  const take = (name: string, shape: readonly number[]): HostTensor => {
    const tensor = tensors.get(name);
    if (tensor === undefined || tensor.shape.join() !== shape.join()) {
      throw broken(path, `${name} is ${tensor === undefined ? 'missing' : `[${tensor.shape.join()}]`}`, `[${shape.join()}]`);
    }
    return tensor;
  };
  // A fresh model has the structure; its numbers are replaced.
  const rng = createRng(0);
  const fresh = backbone.init(schema, { ...own, embeddingDimension: options.embeddingDimension, fusion: options.fusion }, rng);
  const leaves = namedLeaves(fresh).map(({ path: leafPath, leaf }) => take(`parameters.${leafPath}`, (leaf as HostTensor).shape));
  const layout = { usesSequences: backbone.usesSequences ?? false, embeddingSizes: options.embeddingSizes };
  const tables = tableLayouts(schema, layout, dimension).map((table): EmbeddingTable => {
    const { data } = take(`tables.${table.name}`, [table.rows, table.width]);
    return { ...table, values: data as Float32Array };
  });
  return createCtrModel({
    state: { backbone, options: own, schema, dimension, parameters: unflattenTree(fresh, leaves), tables },
    options,
    epochs,
    bestEpoch,
  });
}

/** Room is made for a model before its numbers are read: no size of it can be beyond the values that there are. */
function checkSizes(options: Readonly<Record<string, unknown>>, values: number, where: string): void {
  for (const [name, value] of Object.entries(options)) {
    const sizes: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (sizes.every((size) => typeof size !== 'number' || size <= Math.max(values, 1))) continue;
    throw broken(where, `${name} is ${JSON.stringify(value)}`, `at most ${values}, the number of values in ${MODEL_FILES.tensors}`);
  }
}

/** A saved option that the backbone lacks, or one of the backbone's that was not saved, means another version of it. */
function savedOptions({ name, options }: Backbone, saved: Readonly<Record<string, unknown>>, where: string): Record<string, unknown> {
  const [has, wants] = [Object.keys(saved), Object.keys(options.shape)].map((keys) => keys.sort().join(', '));
  const result = options.safeParse(saved);
  if (has === wants && result.success) return result.data;
  throw broken(where, result.success ? `the options of the backbone ${name} are [${has}]` : result.error.issues[0]!.message, `[${wants}]`);
}

async function readConfig(path: string): Promise<SavedConfig> {
  let config: Partial<SavedConfig>;
  try {
    config = parseJson(await readFile(path, 'utf8')) as Partial<SavedConfig>;
  } catch (cause) {
    throw broken(path, 'it cannot be read as JSON', 'a folder written by save()', cause);
  }
  if (config.format !== 'ctr-model/2') throw broken(path, `its format is ${JSON.stringify(config.format)}`, '"ctr-model/2"');
  return config as SavedConfig;
}

function broken(where: string, what: string, expected?: string, cause?: unknown): CtrError {
  return new CtrError('CTR_MODEL_FILE', what, {
    where,
    ...(expected === undefined ? {} : { expected }),
    remedy: 'copy the model folder again, or fit and save the model anew',
    cause,
  });
}
