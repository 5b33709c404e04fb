import { basename, join, stat } from '@expctr/core/platform';
import { FormatError } from '../errors.js';
import { readJsonObject } from '../json-file.js';
import type { TensorSource } from '../tensor-source.js';
import { openSafetensors, type SafetensorsFile } from './read.js';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/**
 * Opens the safetensors of a Hugging Face folder: `model.safetensors`, or the files that `model.safetensors.index.json` names.
 * @returns null where the folder has neither.
 * @throws FormatError for a damaged file or index, and for shards that are missing or lack a tensor that the index gives them.
 */
export async function openFolderTensors(folder: string): Promise<TensorSource | null> {
  const single = join(folder, SINGLE);
  if ((await stat(single).catch(() => null)) !== null) return sourceOf(single, [await openSafetensors(single)]);
  const indexPath = join(folder, INDEX);
  const index = await readJsonObject(indexPath);
  return index === null ? null : openShards(folder, indexPath, index);
}

async function openShards(folder: string, indexPath: string, index: Record<string, unknown>): Promise<TensorSource> {
  const weightMap = checkedWeightMap(index['weight_map'], indexPath);
  const files = new Map<string, SafetensorsFile>();
  try {
    for (const name of new Set(weightMap.values())) files.set(name, await openShard(folder, name, indexPath));
    for (const [tensor, name] of weightMap) {
      if (files.get(name)?.entries.has(tensor) === true) continue;
      throw new FormatError('SAFETENSORS_MISSING_TENSOR', `it has no tensor ${tensor}`, {
        where: join(folder, name),
        expected: `it there, as ${indexPath} says`,
        remedy: 'download the index and all of its files again',
      });
    }
  } catch (error) {
    await Promise.all([...files.values()].map((file) => file.close()));
    throw error;
  }
  return sourceOf(indexPath, [...files.values()]);
}

function checkedWeightMap(value: unknown, path: string): Map<string, string> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value as Record<string, unknown>) : [];
  const plain = (name: unknown): name is string => typeof name === 'string' && name.endsWith('.safetensors') && basename(name) === name;
  const names = entries.filter((entry): entry is [string, string] => plain(entry[1]));
  if (entries.length > 0 && names.length === entries.length) return new Map(names);
  throw new FormatError('SAFETENSORS_BAD_INDEX', 'its weight_map is not usable', {
    where: path,
    expected: 'an object from tensor names to names of .safetensors files in the same folder',
    remedy: 'download the index again',
  });
}

async function openShard(folder: string, name: string, indexPath: string): Promise<SafetensorsFile> {
  const path = join(folder, name);
  if ((await stat(path).catch(() => null)) !== null) return openSafetensors(path);
  throw new FormatError('SAFETENSORS_NOT_FOUND', 'a part of the model is missing', {
    where: path,
    expected: `the file, as ${indexPath} names it`,
    remedy: `download ${name} into ${folder}`,
  });
}

function sourceOf(path: string, files: readonly SafetensorsFile[]): TensorSource {
  const home = new Map(files.flatMap((file) => [...file.entries.keys()].map((name) => [name, file] as const)));
  return {
    path,
    names: () => home.keys(),
    shape: (name) => home.get(name)?.entries.get(name)?.shape,
    async read(name) {
      const file = home.get(name);
      if (file === undefined) throw new FormatError('SAFETENSORS_MISSING_TENSOR', `there is no tensor ${name}`, { where: path });
      return file.readFloat(name);
    },
    async close() {
      await Promise.all(files.map((file) => file.close()));
    },
  };
}
