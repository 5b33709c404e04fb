import type { ModelFamily } from '../../families/family.js';
import type { DecoderConfig } from '../../model/config.js';
import type { ModelDescription } from '../config-file.js';
import { FormatError } from '../errors.js';
import { fieldsOf } from '../fields.js';
import type { GgufFile } from './open.js';

/**
 * What a GGUF file's metadata says of its model, checked against config.json where one lies beside it.
 *
 * config.json comes first: it alone has the ids that end a chat turn and Llama 3's frequency scaling, whose factors GGUF
 * keeps in a tensor.
 *
 * @throws FormatError `GGUF_UNSUPPORTED_ARCHITECTURE`, `CONFIG_BAD_FIELD`, `CHECKPOINT_CONFIG_MISMATCH`.
 */
export function describeGguf(
  file: GgufFile,
  families: readonly ModelFamily[],
  beside: ModelDescription | null,
  configPath: string,
): ModelDescription {
  const { metadata, path } = file;
  const name = metadata['general.architecture'];
  const family = families.find(({ gguf }) => gguf?.architecture === name);
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
  const config = family.gguf.parseConfig(fieldsOf(metadata, path), (tensor) => file.tensors.has(tensor));
  if (beside !== null) {
    checkAgainst({ family, config }, path, beside, configPath);
    return beside;
  }
  if (file.tensors.has('rope_freqs.weight')) {
    throw new FormatError('GGUF_ROPE_FACTORS', 'the rotary frequencies are scaled by a tensor (rope_freqs.weight)', {
      where: path,
      expected: 'config.json with rope_scaling (rope_type llama3) beside it',
      remedy: "put the model's config.json into the same folder",
    });
  }
  return { family, config };
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
