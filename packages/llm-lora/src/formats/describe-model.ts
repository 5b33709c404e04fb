import { join, readdir, stat } from '@expctr/core/platform';
import { flattenTree, quantize, quantizeTable, type FrozenFormat, type HostTensor } from '@expctr/tfjs-backend-onnx';
import { familiesWith } from '../families/find.js';
import { namedTensors, tensorsOfBlocks } from '../families/layout.js';
import type { DecoderConfig } from '../model/config.js';
import { openModel, type LoadCheckpointOptions } from './checkpoint.js';
import { openGguf } from './gguf/open.js';
import { TENSOR_TYPES } from './gguf/tensor-types.js';
import { sizeOf, type StoredTensor } from './host-tensor.js';
import { checkpointFiles } from './hub-files.js';
import { locateModel } from './locate-model.js';
import { openSafetensors } from './safetensors/read.js';

/** How a model's files hold it. */
export interface StoredForm {
  /** The format. */
  readonly format: 'safetensors' | 'gguf';
  /** Bytes of the files with weights. */
  readonly bytes: number;
  /** Tensors by their type. */
  readonly types: Readonly<Record<string, number>>;
}

/** What the header of a model says. */
export interface ModelSummary {
  /** Where it is. */
  readonly path: string;
  /** Its family, as its files name it. */
  readonly family: string;
  /** Its hyperparameters, of the family's own type. */
  readonly config: DecoderConfig;
  /** Weights, those of a head that is the embedding table counted once. */
  readonly parameters: number;
  /** How its files hold it. */
  readonly stored: StoredForm;
  /** Bytes of its weights in memory, about, by how the frozen matrices are kept. */
  readonly memory: Readonly<Record<FrozenFormat, number>>;
}

const FORMATS = ['float32', 'float16', 'int8', 'int4'] as const satisfies readonly FrozenFormat[];

/** Says what a model is without reading its weights. @throws FormatError, HubError as `loadCheckpoint` */
export async function describeModel(
  pathOrId: string,
  { hub, families }: Pick<LoadCheckpointOptions, 'hub' | 'families'> = {},
): Promise<ModelSummary> {
  const { path } = await locateModel(pathOrId, hub, checkpointFiles);
  const { family, config, source } = await openModel(path, familiesWith(families));
  await source.close();
  const layout = family.layout(config);
  const sizes = new Map(namedTensors(layout, config.layers).map(({ name, shape }) => [name, sizeOf(shape)]));
  const parameters = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const matrices = sum(tensorsOfBlocks(layout, layout.linears, config.layers).map(({ name }) => sizes.get(name)!));
  const tables = sum([layout.embedding, ...(layout.head === null ? [] : [layout.head])].map(({ name }) => sizes.get(name)!));
  const memory: Partial<Record<FrozenFormat, number>> = {};
  for (const format of FORMATS) {
    const [matrix, table] = [await bytesAWeight(format, quantize), await bytesAWeight(format, quantizeTable)];
    memory[format] = Math.round(matrices * matrix + tables * table + 4 * (parameters - matrices - tables));
  }
  return { path, family: family.name, config, parameters, stored: await storedAs(path), memory: memory as Record<FrozenFormat, number> };
}

/** A matrix whose rows are as long as those of the smallest models: longer ones take no more for each weight. */
const EXAMPLE: HostTensor & { readonly data: Float32Array; readonly dtype: 'float32' } = {
  data: new Float32Array(256 * 256).fill(0.5),
  shape: [256, 256],
  dtype: 'float32',
};

async function bytesAWeight(
  format: FrozenFormat,
  keep: (tensor: typeof EXAMPLE, format: FrozenFormat) => StoredTensor | Promise<StoredTensor>,
): Promise<number> {
  if (format === 'float32') return 4;
  return sum(flattenTree<HostTensor>(await keep(EXAMPLE, format)).map(({ data }) => data.byteLength)) / EXAMPLE.data.length;
}

async function storedAs(path: string): Promise<StoredForm> {
  const isFolder = (await stat(path)).isDirectory();
  const names = isFolder ? await readdir(path) : [];
  const shards = names.filter((name) => name.endsWith('.safetensors') && !name.startsWith('adapter_')).map((name) => join(path, name));
  const types: Record<string, number> = {};
  const count = (type: string): void => void (types[type] = (types[type] ?? 0) + 1);
  if (shards.length > 0) {
    for (const shard of shards) {
      const file = await openSafetensors(shard);
      await file.close();
      for (const { type } of file.entries.values()) count(type);
    }
    return { format: 'safetensors', bytes: await bytesOf(shards), types };
  }
  const gguf = isFolder
    ? join(
        path,
        names.find((name) => name.endsWith('.gguf'))!,
      )
    : path;
  const file = await openGguf(gguf);
  await file.close();
  for (const { type } of file.tensors.values()) count(TENSOR_TYPES[type]?.name ?? `type ${type}`);
  return { format: 'gguf', bytes: await bytesOf([gguf]), types };
}

async function bytesOf(paths: readonly string[]): Promise<number> {
  return sum(await Promise.all(paths.map(async (path) => (await stat(path)).size)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
