import { writeFileAtomic } from '@expctr/core';
import { dirname, join, readdir, readFile, stat } from '@expctr/core/platform';
import type { ModelFamily } from '../families/family.js';
import { familiesWith } from '../families/find.js';
import { readConfig } from '../formats/config-file.js';
import { FormatError } from '../formats/errors.js';
import { isBesideFile } from '../formats/hub-files.js';
import { transpose } from '../formats/hugging-face-source.js';
import { withJsonFields } from '../formats/json-fields.js';
import { readJsonObject } from '../formats/json-file.js';
import { writeShards } from '../formats/safetensors/shards.js';
import type { LazyTensor } from '../formats/safetensors/write.js';
import type { DecoderConfig } from '../model/config.js';
import { rotaryFrequencies, type RotaryConfig } from '../model/rotary.js';
import { makeFolder } from './destination.js';
import { checkHalf, withProgress, type MergedModel, type WriteModelOptions } from './merged-model.js';

/** What {@link saveHuggingFaceFolder} takes. */
export interface HuggingFaceFolderOptions extends WriteModelOptions {
  readonly dtype: 'float32' | 'float16' | 'bfloat16';
  readonly maxShardBytes: number;
}

const FLOATS = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' } as const;

/** Files of a tokenizer that are copied where they are there, beside those that are read here. */
const TOKENIZER_FILES = new Set(['tokenizer.json', 'vocab.json', 'merges.txt', 'tokenizer.model', 'spiece.model']);

/**
 * Writes a model as a folder that transformers loads: weights, config.json with their type, and the files of the tokenizer as they are.
 * @throws FormatError `MERGE_DESTINATION`, `MERGE_NO_CONFIG`, `MERGE_OVERFLOW`, `CHECKPOINT_CONFIG_MISMATCH`
 */
export async function saveHuggingFaceFolder(destination: string, options: HuggingFaceFolderOptions): Promise<void> {
  const { model, dtype, maxShardBytes } = options;
  const from = await folderOf(options.files);
  const config = await configFor(model, from, dtype);
  const half = (name: string, make: LazyTensor['make']): LazyTensor['make'] =>
    dtype === 'float16' ? () => checkHalf(name, make() as ReturnType<typeof transpose>, destination) : make;
  const tensors = withProgress(options).map(({ tensor: { name, shape, transposed = false }, make }): [string, LazyTensor] => {
    const values = transposed ? () => transpose(make()) : make;
    return [name, { shape: transposed ? [...shape].reverse() : shape, dtype: 'float32', make: half(name, values) }];
  });
  await makeFolder(destination, async (folder) => {
    for (const name of await readdir(from)) {
      const wanted = TOKENIZER_FILES.has(name) || (isBesideFile(name) && name !== 'config.json');
      if (wanted) await writeFileAtomic(join(folder, name), await readFile(join(from, name)));
    }
    await writeShards(folder, new Map(tensors), { floats: FLOATS[dtype], maxShardBytes });
    await writeFileAtomic(join(folder, 'config.json'), config);
  });
}

/** The folder itself, or that of a model file. @throws FormatError `MERGE_NO_CONFIG` */
async function folderOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found !== null) return found.isDirectory() ? path : dirname(path);
  throw noConfig(path, 'there is no such folder');
}

/** config.json of the base model, with what is different now: the type of the weights, and whether the head is the embedding table. */
async function configFor(model: MergedModel, folder: string, dtype: string): Promise<string> {
  const path = join(folder, 'config.json');
  const json = await readJsonObject(path);
  if (json === null) throw noConfig(folder, 'the folder has no config.json');
  const described = await readConfig(folder, familiesWith([model.family]));
  checkSame(model, described!, path);
  const named = ['dtype', 'torch_dtype'].filter((field) => Object.hasOwn(json, field));
  const types = Object.fromEntries((named.length > 0 ? named : ['torch_dtype']).map((field) => [field, dtype]));
  const tied = model.family.layout(model.config).head === null;
  return withJsonFields(await readFile(path, 'utf8'), { ...types, tie_word_embeddings: tied });
}

function noConfig(where: string, what: string): FormatError {
  return new FormatError('MERGE_NO_CONFIG', what, {
    where,
    expected: 'config.json and the tokenizer of the base model, as Hugging Face has them',
    remedy: 'name a folder with them: { files: FOLDER }',
  });
}

/** A GGUF file has factors of frequencies where config.json has the scaling that they come from. */
function sameRotation(...configs: readonly Readonly<Record<string, unknown>>[]): boolean {
  const [own, theirs] = configs.map((config) => config as unknown as RotaryConfig);
  const factorOf = ({ ropeScaling }: RotaryConfig): number =>
    ropeScaling !== null && 'attentionFactor' in ropeScaling ? ropeScaling.attentionFactor : 1;
  const [a, b] = [rotaryFrequencies(own!), rotaryFrequencies(theirs!)];
  const close = (x: number, y: number): boolean => Math.abs(x / y - 1) < 1e-6;
  return a.length === b.length && a.every((frequency, i) => close(frequency, b[i]!)) && close(factorOf(own!), factorOf(theirs!));
}

/** Fields that files may have differently: whether the head is tied is what the weights say, and end tokens stand in several files. */
const FREE: ReadonlySet<string> = new Set(['tiedEmbeddings', 'bosTokenId', 'eosTokenIds', 'maxPositions']);

function checkSame(
  { family, config }: MergedModel,
  other: { readonly family: ModelFamily; readonly config: DecoderConfig },
  where: string,
): void {
  const rounded = (value: unknown): string | undefined =>
    JSON.stringify(value, (_, each: unknown) => (typeof each === 'number' ? Math.fround(each) : each));
  const [own, theirs]: Readonly<Record<string, unknown>>[] = [{ ...config }, { ...other.config }];
  const fields = [...new Set([...Object.keys(own!), ...Object.keys(theirs!)])].filter((field) => !FREE.has(field));
  const same = (field: string): boolean =>
    rounded(own![field] ?? null) === rounded(theirs![field] ?? null) || (field === 'ropeScaling' && sameRotation(own!, theirs!));
  const list = fields.filter((field) => !same(field));
  if (family.name !== other.family.name) list.unshift('model_type');
  if (list.length === 0) return;
  throw new FormatError('CHECKPOINT_CONFIG_MISMATCH', `it describes another model than the one that is saved: ${list.join(', ')} differ`, {
    where,
    expected: `the config.json of the ${family.name} that was loaded`,
    remedy: 'name the folder of the base model: { files: FOLDER }',
  });
}
