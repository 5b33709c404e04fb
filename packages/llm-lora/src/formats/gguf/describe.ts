import type { ModelDescription } from '../config-file.js';
import { ARCHITECTURES } from '../architectures/table.js';
import { FormatError } from '../errors.js';
import { fieldsOf } from '../fields.js';
import type { LlamaConfig } from '../llama-config.js';
import type { GgufFile } from './open.js';

/**
 * What a GGUF file's metadata says of its model, checked against config.json where one lies beside it.
 *
 * config.json comes first: it alone has the ids that end a chat turn and Llama 3's frequency scaling, whose factors GGUF
 * keeps in a tensor.
 *
 * @throws FormatError `GGUF_UNSUPPORTED_ARCHITECTURE`, `CONFIG_BAD_FIELD`, `CHECKPOINT_CONFIG_MISMATCH`.
 */
export function describeGguf(file: GgufFile, beside: ModelDescription | null, configPath: string): ModelDescription {
  const { metadata, path } = file;
  const name = metadata['general.architecture'];
  const architecture = ARCHITECTURES.find(({ gguf }) => gguf.architecture === name);
  if (architecture === undefined) {
    throw new FormatError('GGUF_UNSUPPORTED_ARCHITECTURE', `the architecture ${JSON.stringify(name ?? null)} is not supported`, {
      where: path,
      expected: `general.architecture to be one of ${ARCHITECTURES.map(({ gguf }) => gguf.architecture).join(', ')}`,
      remedy: 'choose a model of a supported architecture',
    });
  }
  if (Number(metadata['split.count'] ?? 1) > 1) {
    throw new FormatError('GGUF_SPLIT', `the model is split into ${Number(metadata['split.count'])} files`, {
      where: path,
      expected: 'a model in one file',
      remedy: 'join them: llama-gguf-split --merge FIRST.gguf MODEL.gguf',
    });
  }
  const config = architecture.gguf.parseConfig(fieldsOf(metadata, path), (tensor) => file.tensors.has(tensor));
  if (beside !== null) {
    checkAgainst(config, path, beside.config, configPath);
    return beside;
  }
  if (file.tensors.has('rope_freqs.weight')) {
    throw new FormatError('GGUF_ROPE_FACTORS', 'the rotary frequencies are scaled by a tensor (rope_freqs.weight)', {
      where: path,
      expected: 'config.json with rope_scaling (rope_type llama3) beside it',
      remedy: "put the model's config.json into the same folder",
    });
  }
  return { architecture, config };
}

/** Fields that must agree, with what they are called in an error. Contexts may differ, and so may the ids that end a sequence. */
const COMPARED = [
  'hiddenSize',
  'intermediateSize',
  'layers',
  'heads',
  'keyValueHeads',
  'headDim',
  'vocabularySize',
  'normEpsilon',
  'ropeTheta',
  'tiedEmbeddings',
] as const satisfies readonly (keyof LlamaConfig)[];

function checkAgainst(inFile: LlamaConfig, path: string, inConfig: LlamaConfig, configPath: string): void {
  // GGUF holds float32, config.json decimal numbers.
  const comparable = (value: number | boolean): number | boolean => (typeof value === 'number' ? Math.fround(value) : value);
  const different = COMPARED.filter((field) => comparable(inFile[field]) !== comparable(inConfig[field]));
  const list = different.map((field) => `${field} ${String(inFile[field])} against ${String(inConfig[field])}`);
  const linear = inFile.ropeScaling;
  if (linear !== null && (inConfig.ropeScaling?.type !== linear.type || Math.fround(inConfig.ropeScaling.factor) !== linear.factor)) {
    list.push(`ropeScaling ${JSON.stringify(linear)} against ${JSON.stringify(inConfig.ropeScaling)}`);
  }
  if (list.length === 0) return;
  throw new FormatError('CHECKPOINT_CONFIG_MISMATCH', `its metadata and ${configPath} differ: ${list.join('; ')}`, {
    where: path,
    expected: 'both to describe one model',
    remedy: 'put the right config.json beside the file, or remove it: the metadata suffice',
  });
}
