import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { writeFileAtomic } from '@expctr/core';
import { EncoderError } from '../errors.js';
import type { ReadModelFile } from './model-json.js';

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

/** Where a model's files are, or come from. */
export interface ModelFiles {
  /** Hub id, or absolute path of the folder: what transformers.js is to load. */
  readonly location: string;
  /** Last part of the hub id, or the folder's name. */
  readonly name: string;
  /** All files are in a folder here: the network is not touched. */
  readonly local: boolean;
  /** Subfolder of the ONNX files. */
  readonly subfolder: string;
  readonly read: ReadModelFile;
  /** Changes when the files that decide about vectors change. */
  fingerprint(): Promise<string>;
}

/** What {@link locateModel} needs to know. */
export interface LocateOptions {
  readonly dtype: EncoderDType;
  readonly cacheDir: string | undefined;
  readonly revision: string;
}

const HUB_ID = /^[\w.-]+(\/[\w.-]+)?$/;
const NEEDED = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];

/**
 * A folder here, a hub model that was downloaded before, or a hub model to be downloaded: the first of these that applies.
 *
 * @throws EncoderError `ENCODER_NOT_FOUND` for a name that is none of them, `ENCODER_FILE_MISSING` for a folder without a needed file.
 */
export async function locateModel(idOrFolder: string, { dtype, cacheDir, revision }: LocateOptions): Promise<ModelFiles> {
  const onnxFile = `model${DTYPE_SUFFIXES[dtype]}.onnx`;
  if (await isFolder(idOrFolder)) return filesOfFolder(resolve(idOrFolder), basename(resolve(idOrFolder)), onnxFile);
  if (!HUB_ID.test(idOrFolder)) {
    throw new EncoderError('ENCODER_NOT_FOUND', 'there is no such folder', {
      where: idOrFolder,
      expected: 'a folder with an ONNX model, or a hub id such as Xenova/bge-small-en-v1.5',
      remedy: 'check the path',
      wrongUse: true,
    });
  }
  const { env } = await import('@huggingface/transformers');
  const name = idOrFolder.split('/').at(-1)!;
  const downloads = join(cacheDir ?? env.cacheDir ?? '.cache', idOrFolder, revision === 'main' ? '' : revision);
  if (await isComplete(downloads, onnxFile)) return filesOfFolder(downloads, name, onnxFile);
  return {
    location: idOrFolder,
    name,
    local: false,
    subfolder: 'onnx',
    read: (file) => readFromHub(idOrFolder, revision, file, join(downloads, file)),
    fingerprint: async () => (await filesOfFolder(downloads, name, onnxFile)).fingerprint(), // downloaded by then
  };
}

async function filesOfFolder(folder: string, name: string, onnxFile: string): Promise<ModelFiles> {
  const subfolder = (await isFile(join(folder, 'onnx', onnxFile))) || !(await isFile(join(folder, onnxFile))) ? 'onnx' : '';
  const files = [...NEEDED, join(subfolder, onnxFile)];
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
    local: true,
    subfolder,
    read: (file) => readIfThere(join(folder, file)),
    fingerprint: async () => {
      const data = (await onnxFilesIn(folder)).filter((file) => file.startsWith(`${onnxFile}_data`)).map((file) => join(subfolder, file));
      return digestOf([...files, ...data].map((file) => join(folder, file)));
    },
  };
}

async function isComplete(folder: string, onnxFile: string): Promise<boolean> {
  const present = await Promise.all([...NEEDED, join('onnx', onnxFile)].map((file) => isFile(join(folder, file))));
  return present.every(Boolean);
}

/** Kept beside the files that transformers.js downloads, so that the next start finds a complete folder. */
async function readFromHub(id: string, revision: string, file: string, kept: string): Promise<string | undefined> {
  const here = await readIfThere(kept);
  if (here !== undefined) return here;
  const { env } = await import('@huggingface/transformers');
  const path = env.remotePathTemplate.replaceAll('{model}', id).replaceAll('{revision}', encodeURIComponent(revision));
  const url = new URL(`${path}${file}`, env.remoteHost).href;
  const response = await (env.fetch(url) as Promise<Response>).catch((cause: unknown) => {
    throw new EncoderError('ENCODER_DOWNLOAD', 'the server cannot be reached', {
      where: url,
      remedy: 'check the network and try again, or name a local folder',
      cause,
    });
  });
  if (response.status === 404) return undefined;
  if (!response.ok) {
    throw new EncoderError('ENCODER_DOWNLOAD', `the server answered ${response.status}`, {
      where: url,
      remedy: 'check the id and try again',
    });
  }
  const text = await response.text();
  await writeFileAtomic(kept, text);
  return text;
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
