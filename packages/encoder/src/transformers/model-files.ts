import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fetchModel, parseModelId, type HubOptions } from '@expctr/hub';
import { EncoderError } from '../errors.js';
import { encoderFiles } from './hub-files.js';
import type { ReadModelFile } from './model-json.js';
import type { ModelKind } from './model-kind.js';

/** Precision of the weights: `fp32` is model.onnx, `q8` model_quantized.onnx, the others `model_` and their name. */
export type EncoderDType = 'fp32' | 'fp16' | 'q8' | 'int8' | 'uint8' | 'q4' | 'q4f16' | 'bnb4';

/** What the name of an ONNX file has after `model`. Source: transformers.js, `utils/dtypes.js`. */
export const DTYPE_SUFFIXES: { readonly [K in EncoderDType]: string } = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
  int8: '_int8',
  uint8: '_uint8',
  q4: '_q4',
  q4f16: '_q4f16',
  bnb4: '_bnb4',
};

/** All precisions. */
export const ENCODER_DTYPES = Object.keys(DTYPE_SUFFIXES) as EncoderDType[];

/** Where a model's files are. */
export interface ModelFiles {
  /** Absolute path of the folder: what transformers.js is to load. */
  readonly location: string;
  /** Last part of the hub id, or the folder's name. */
  readonly name: string;
  /** What names exactly this model again: the folder as given, `owner/name@<commit>` for one from the hub. */
  readonly exactName: string;
  /** Subfolder of the ONNX files. */
  readonly subfolder: string;
  /** Name of the graph without precision and ending, such as `model`. */
  readonly graph: string;
  readonly read: ReadModelFile;
  /** Changes when the files that decide about vectors change. */
  fingerprint(): Promise<string>;
}

/** What {@link locateModel} needs to know. */
export interface LocateOptions {
  readonly kind: ModelKind;
  readonly dtype: EncoderDType;
  readonly hub: HubOptions | undefined;
}

/**
 * A folder here, or a model of the hub: from its cache, or fetched into it. What is here comes first.
 *
 * @throws EncoderError `ENCODER_NOT_FOUND` for a name that is none of them, `ENCODER_FILE_MISSING` for a folder without a needed file.
 * @throws HubError where a model of the hub cannot be had.
 */
export async function locateModel(idOrFolder: string, { kind, dtype, hub }: LocateOptions): Promise<ModelFiles> {
  if (await isFolder(idOrFolder)) return filesOfFolder(resolve(idOrFolder), basename(resolve(idOrFolder)), { kind, dtype }, idOrFolder);
  const model = parseModelId(idOrFolder);
  if (model === null) {
    throw new EncoderError('ENCODER_NOT_FOUND', 'there is no such folder', {
      where: idOrFolder,
      expected: 'a folder with an ONNX model, or a hub id such as Xenova/bge-small-en-v1.5',
      remedy: 'check the path',
      wrongUse: true,
    });
  }
  const { folder, id, commit } = await fetchModel(model, encoderFiles(kind, DTYPE_SUFFIXES[dtype]), hub);
  return filesOfFolder(folder, id.split('/').at(-1)!, { kind, dtype }, `${id}@${commit}`);
}

async function filesOfFolder(
  folder: string,
  name: string,
  { kind, dtype }: Pick<LocateOptions, 'kind' | 'dtype'>,
  exactName: string,
): Promise<ModelFiles> {
  const { graph, subfolder, onnxFile } = await findGraph(folder, kind, DTYPE_SUFFIXES[dtype]);
  const files = [...kind.needed, join(subfolder, onnxFile)];
  for (const file of files) {
    if (await isFile(join(folder, file))) continue;
    const present = await onnxFilesIn(folder);
    throw new EncoderError('ENCODER_FILE_MISSING', 'the file is missing', {
      where: join(folder, file),
      expected: `an ONNX export as transformers.js reads it: ${files.join(', ')}`,
      remedy:
        present.length === 0
          ? 'export the model to ONNX'
          : `set encoder.dtype to match one of: ${present.join(', ')}; or complete the folder`,
      wrongUse: true,
    });
  }
  return {
    location: folder,
    name,
    exactName,
    subfolder,
    graph,
    read: (file) => readIfThere(join(folder, file)),
    fingerprint: async () => {
      const data = (await onnxFilesIn(folder)).filter((file) => file.startsWith(`${onnxFile}_data`)).map((file) => join(subfolder, file));
      return digestOf([...files, ...data].map((file) => join(folder, file)));
    },
  };
}

/** The graph that is there, in `onnx` or beside config.json; else where the last of the names would be. */
async function findGraph(
  folder: string,
  { graphs }: ModelKind,
  suffix: string,
): Promise<{ readonly graph: string; readonly subfolder: string; readonly onnxFile: string }> {
  for (const graph of graphs) {
    const onnxFile = `${graph}${suffix}.onnx`;
    for (const subfolder of ['onnx', '']) if (await isFile(join(folder, subfolder, onnxFile))) return { graph, subfolder, onnxFile };
  }
  const graph = graphs.at(-1)!;
  return { graph, subfolder: 'onnx', onnxFile: `${graph}${suffix}.onnx` };
}

async function readIfThere(path: string): Promise<string | undefined> {
  return (await isFile(path)) ? readFile(path, 'utf8') : undefined;
}

async function onnxFilesIn(folder: string): Promise<string[]> {
  const lists = await Promise.all(['onnx', '.'].map((part) => readdir(join(folder, part)).catch(() => [] as string[])));
  return lists.flat().filter((file) => file.includes('.onnx'));
}

async function digestOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    hash.update(`${basename(path)}\0${(await stat(path)).size}\0`);
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  }
  return hash.digest('hex').slice(0, 16);
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
