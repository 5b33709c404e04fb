import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRng, parseJson, sha256 } from '@expctr/core';
import { namedLeaves, unflattenTree, type HostTensor } from '@expctr/tfjs-backend-onnx';
import type { Backbone } from '../backbones/backbone.js';
import { findBackbone } from '../backbones/table.js';
import { CtrError } from '../errors.js';
import { checkSchema } from '../features/check-schema.js';
import { createTables } from '../tables/embedding-table.js';
import { createCtrModel, type CtrModel } from './ctr-model.js';
import { readSafetensors } from './safetensors.js';
import { MODEL_FILES, type SavedConfig } from './save.js';

/** Options of {@link loadCtrModel}. */
export interface LoadCtrModelOptions {
  /** Backbones of one's own that the model may name. */
  readonly backbones?: readonly Backbone[];
}

/**
 * Loads what {@link CtrModel.save} wrote. The folder says which backbone it is of, and with which options: nothing is assumed.
 * @throws CtrError `CTR_MODEL_FILE` where the folder is missing, damaged or mixed; `CTR_BACKBONE` for a backbone that is not known.
 */
export async function loadCtrModel(folder: string, { backbones = [] }: LoadCtrModelOptions = {}): Promise<CtrModel> {
  const config = await readConfig(join(folder, MODEL_FILES.config));
  const path = join(folder, MODEL_FILES.tensors);
  const tensors = await readSafetensors(path);
  if (sha256(await readFile(path)) !== config.tensorsSha256) throw broken(path, 'it does not belong to the config.json beside it');

  const { schema, options, epochs, bestEpoch } = config;
  checkSchema(schema);
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
  const fresh = backbone.init(schema, { ...own, embeddingDimension: options.embeddingDimension }, rng);
  const leaves = namedLeaves(fresh).map(({ path: leafPath, leaf }) => take(`parameters.${leafPath}`, (leaf as HostTensor).shape));
  const tables = createTables(schema, backbone, dimension, rng);
  for (const { name, rows, width, values } of tables) values.set(take(`tables.${name}`, [rows, width]).data);
  return createCtrModel({
    state: { backbone, options: own, schema, dimension, parameters: unflattenTree(fresh, leaves), tables },
    options,
    epochs,
    bestEpoch,
  });
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
