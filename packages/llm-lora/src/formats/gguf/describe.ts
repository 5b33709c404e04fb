import type { GgufView, ModelFamily } from '../../families/family.js';
import { LARGEST } from '../../families/shared/config.js';
import type { DecoderConfig } from '../../model/config.js';
import type { ModelDescription } from '../config-file.js';
import { FormatError } from '../errors.js';
import { fieldsOf } from '../fields.js';
import type { GgufFile } from './open.js';

/**
 * What a GGUF file's metadata says of its model, checked against config.json where one lies beside it.
 *
 * config.json comes first: it alone has the ids that end a chat turn, and says of Llama 3's frequency scaling what the tensor of
 * factors comes from. Without it that tensor is read here.
 *
 * @throws FormatError `GGUF_UNSUPPORTED_ARCHITECTURE`, `CONFIG_BAD_FIELD`, `CHECKPOINT_CONFIG_MISMATCH`.
 */
export async function describeGguf(
  file: GgufFile,
  families: readonly ModelFamily[],
  beside: ModelDescription | null,
  configPath: string,
): Promise<ModelDescription> {
  const { metadata, path } = file;
  const name = metadata['general.architecture'];
  const candidates = families.filter(({ gguf }) => gguf?.architecture === name);
  const family = candidates.find((each) => each === beside?.family) ?? candidates[0]; // Mistral's files are called llama
  if (!family?.gguf) {
    throw new FormatError('GGUF_UNSUPPORTED_ARCHITECTURE', `the architecture ${JSON.stringify(name ?? null)} is not supported`, {
      where: path,
      expected: `general.architecture to be one of ${families.flatMap(({ gguf }) => gguf?.architecture ?? []).join(', ')}`,
      remedy: 'choose a model of one of these families, or give a family of your own: { families: [mine] }',
    });
  }
  if (Number(metadata['split.count'] ?? 1) > 1) {
    throw new FormatError('GGUF_SPLIT', `the model is split into ${Number(metadata['split.count'])} files`, {
      where: path,
      expected: 'a model in one file',
      remedy: 'join them: llama-gguf-split --merge FIRST.gguf MODEL.gguf',
    });
  }
  const ropeFactors = beside === null ? await readRopeFactors(file) : null;
  const view: GgufView = { hasTensor: (tensor) => file.tensors.has(tensor), ropeFactors };
  const config = family.gguf.parseConfig(fieldsOf(metadata, path), view);
  if (beside !== null) {
    checkAgainst({ family, config }, path, beside, configPath);
    return beside;
  }
  return { family, config };
}

/** What frequencies are divided by: Llama 3's factors, or those of LongRoPE for texts within the context of pre-training. */
async function readRopeFactors(file: GgufFile): Promise<readonly number[] | null> {
  const name = ['rope_freqs.weight', 'rope_factors_short.weight'].find((each) => file.tensors.has(each));
  const shape = name === undefined ? [] : (file.tensors.get(name)?.shape ?? []);
  if (name === undefined || shape.length !== 1 || 2 * shape[0]! > LARGEST.width) return null;
  return Array.from((await file.read(name)).data);
}

/** Fields that may differ: config.json may allow a longer context, and names more of the ids that begin or end a sequence. */
const FREE: ReadonlySet<string> = new Set<keyof DecoderConfig>(['maxPositions', 'bosTokenId', 'eosTokenIds']);

function checkAgainst(inFile: ModelDescription, path: string, inConfig: ModelDescription, configPath: string): void {
  const other: Readonly<Record<string, unknown>> = { ...inConfig.config };
  // GGUF holds float32, config.json decimal numbers; a scaling that the file does not know may stand in config.json alone
  const rounded = (value: unknown): string | undefined =>
    JSON.stringify(value, (_, each: unknown) => (typeof each === 'number' ? Math.fround(each) : each));
  const list = Object.entries<unknown>({ ...inFile.config })
    .filter(([field, value]) => !FREE.has(field) && value !== null && rounded(value) !== rounded(other[field]))
    .map(([field, value]) => `${field} ${JSON.stringify(value)} against ${JSON.stringify(other[field])}`);
  if (inFile.family !== inConfig.family) list.unshift(`family ${inFile.family.name} against ${inConfig.family.name}`);
  if (list.length === 0) return;
  throw new FormatError('CHECKPOINT_CONFIG_MISMATCH', `its metadata and ${configPath} differ: ${list.join('; ')}`, {
    where: path,
    expected: 'both to describe one model',
    remedy: 'put the right config.json beside the file, or remove it: the metadata suffice',
  });
}
