import { dirname, join, readdir, stat } from '@expctr/core/platform';
import type { ModelFamily } from '../families/family.js';
import { readConfig, type ModelDescription } from './config-file.js';
import { FormatError } from './errors.js';
import { describeGguf } from './gguf/describe.js';
import { checkTensorTypes, openGguf } from './gguf/open.js';
import { ggufSource } from './gguf/source.js';
import { huggingFaceSource } from './hugging-face-source.js';
import { openFolderTensors } from './safetensors/folder.js';
import type { TensorSource } from './tensor-source.js';

/** A model whose weights can be read. The holder closes `source`. */
export interface OpenModel extends ModelDescription {
  /** Its weights. */
  readonly source: TensorSource;
}

/** Opens a folder: safetensors where there are any, else the one GGUF file in it. @throws FormatError, as `loadCheckpoint`. */
export async function openFolder(folder: string, families: readonly ModelFamily[]): Promise<OpenModel> {
  const source = await openFolderTensors(folder);
  if (source === null) return openGgufModel(await findGguf(folder), families);
  try {
    const description = await readConfig(folder, families);
    if (description !== null) return { ...description, source: huggingFaceSource(source, description) };
    throw new FormatError('CHECKPOINT_NO_CONFIG', 'the folder has no config.json', {
      where: folder,
      expected: 'config.json beside the safetensors',
      remedy: "download the model's config.json into this folder",
    });
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Opens one GGUF file, with the config.json of its folder where there is one. @throws FormatError, as `loadCheckpoint`. */
export async function openGgufModel(path: string, families: readonly ModelFamily[]): Promise<OpenModel> {
  const folder = dirname(path);
  const beside = await readConfig(folder, families);
  const file = await openGguf(path);
  try {
    const description = await describeGguf(file, families, beside, join(folder, 'config.json'));
    checkTensorTypes(file);
    return { ...description, source: ggufSource(file, description) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The GGUF file that {@link openFolder} or {@link openGgufModel} reads a model from; null for safetensors, and for no model at all. */
export async function ggufFileOf(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null);
  if (found === null) return null;
  if (!found.isDirectory()) return path.endsWith('.gguf') ? path : null;
  const names = await readdir(path);
  const plain = names.some((name) => name === 'model.safetensors' || name === 'model.safetensors.index.json');
  return plain || !names.some((name) => name.endsWith('.gguf')) ? null : findGguf(path);
}

async function findGguf(folder: string): Promise<string> {
  const names = (await readdir(folder)).sort();
  const files = names.filter((name) => name.endsWith('.gguf'));
  const [only] = files;
  if (only !== undefined && files.length === 1) return join(folder, only);
  if (files.length > 1) {
    throw new FormatError('CHECKPOINT_AMBIGUOUS', `the folder has ${files.length} .gguf files`, {
      where: folder,
      expected: 'one',
      remedy: `name one of them: ${files.map((name) => join(folder, name)).join(', ')}`,
    });
  }
  const other = names.find((name) => /\.(bin|pth?|h5|msgpack|onnx|safetensors)$/.test(name));
  throw new FormatError(
    'CHECKPOINT_NO_WEIGHTS',
    other === undefined ? 'the folder has no weights' : `the folder has ${other}, but no weights that are read`,
    {
      where: folder,
      expected: 'model.safetensors, model.safetensors.index.json with its files, or a .gguf file',
      remedy:
        other === undefined
          ? 'download the weights into this folder'
          : 'save it again with transformers: AutoModelForCausalLM.from_pretrained(folder).save_pretrained(folder, safe_serialization=True)',
    },
  );
}
