import { damaged, readObject, type ReadModelFile } from './model-json.js';

/** Names of classes and kinds: transformers.js writes one that it does not know to the terminal as it is. */
const NAME = /^[\w.\-/: ]{1,200}$/u;
const NAMES: readonly (readonly [file: string, field: string])[] = [
  ['config.json', 'model_type'],
  ['config.json', 'architectures'],
  ['tokenizer_config.json', 'tokenizer_class'],
];
const LARGEST_ID = 2 ** 23 - 1;

/**
 * Checks what transformers.js believes of a model's files: names are names, and the vocabulary has ids.
 * @throws EncoderError `ENCODER_DAMAGED_FILE` which names the field
 */
export async function checkModelFiles(read: ReadModelFile): Promise<void> {
  await checkNames(read);
  const { model } = (await readObject(read, 'tokenizer.json')) ?? {};
  const vocabulary = typeof model === 'object' && model !== null ? (model as { vocab?: unknown }).vocab : undefined;
  if (typeof vocabulary !== 'object' || vocabulary === null) throw damaged('tokenizer.json', 'a model with a vocabulary');
  const isEntry = (entry: unknown): boolean => Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number';
  const isId = (id: unknown): boolean => typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= LARGEST_ID;
  const isRight = Array.isArray(vocabulary) ? vocabulary.every(isEntry) : Object.values(vocabulary).every(isId);
  if (!isRight) throw damaged('tokenizer.json', `a vocabulary whose tokens have ids from 0 to ${LARGEST_ID}`);
}

/** Checks the names alone, in the files that are there: all that there is to a model without texts. @throws EncoderError `ENCODER_DAMAGED_FILE` */
export async function checkNames(read: ReadModelFile): Promise<void> {
  for (const [file, field] of NAMES) {
    const value = (await readObject(read, file))?.[field] ?? [];
    const names: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!names.every((name) => typeof name === 'string' && NAME.test(name))) throw damaged(file, `a name as ${field}`);
  }
}

/** Token ids of a text. @throws EncoderError `ENCODER_DAMAGED_FILE` where a part of it has no token, nor one for the unknown */
export function checkedIds(ids: readonly unknown[]): number[] {
  if (ids.every((id) => typeof id === 'number' && Number.isInteger(id) && id >= 0)) return ids as number[];
  throw damaged('tokenizer.json', 'a vocabulary that has tokens for every text, or one for what is unknown');
}
