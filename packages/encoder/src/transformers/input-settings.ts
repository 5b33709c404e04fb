import { EncoderOptionError } from '../errors.js';
import { damaged, readObject, type ReadModelFile } from './model-json.js';

/** What happens to a text before it is tokenized, and where it is cut. */
export interface InputSettings {
  /** `max_seq_length` of sentence_bert_config.json. */
  readonly maxTokens: number | undefined;
  /** `do_lower_case` of sentence_bert_config.json: letters are lowered, whatever the tokenizer does. */
  readonly lowercase: boolean;
  /** Stands before every text. */
  readonly prefix: string;
}

/** What the Transformer module's settings were called over time. Source: sentence-transformers, `Transformer.load_config`. */
const TRANSFORMER_FILES = ['bert', 'roberta', 'distilbert', 'camembert', 'albert', 'xlm-roberta', 'xlnet'].map(
  (kind) => `sentence_${kind}_config.json`,
);
const PROMPTS_FILE = 'config_sentence_transformers.json';

/**
 * Reads how sentence-transformers prepares texts for the model: length, lowercasing, the prompt.
 *
 * @param folder of the Transformer module, with its slash; empty where the model's own folder is it
 * @param given the prefix asked for, or the name of a prompt of the model; the model's default prompt where both are undefined
 * @throws EncoderOptionError `ENCODER_OPTION` for a prompt that the model does not have.
 * @throws EncoderError `ENCODER_DAMAGED_FILE`.
 */
export async function readInputSettings(
  read: ReadModelFile,
  folder: string,
  given: { readonly prefix: string | undefined; readonly promptName: string | undefined },
): Promise<InputSettings> {
  const [file, settings] = await readTransformerSettings(read, folder);
  const length = settings['max_seq_length'] ?? undefined;
  if (length !== undefined && !(Number.isInteger(length) && (length as number) > 0)) throw damaged(file, 'a max_seq_length of at least 1');
  const lower = settings['do_lower_case'] ?? false;
  if (typeof lower !== 'boolean') throw damaged(file, 'true or false as do_lower_case');
  return { maxTokens: length as number | undefined, lowercase: lower, prefix: given.prefix ?? (await readPrompt(read, given.promptName)) };
}

async function readTransformerSettings(read: ReadModelFile, folder: string): Promise<[string, Readonly<Record<string, unknown>>]> {
  for (const name of TRANSFORMER_FILES) {
    const settings = await readObject(read, `${folder}${name}`);
    if (settings !== undefined) return [`${folder}${name}`, settings];
  }
  return [TRANSFORMER_FILES[0]!, {}];
}

/** The prompt of that name, else the model's default one, else nothing. */
async function readPrompt(read: ReadModelFile, asked: string | undefined): Promise<string> {
  const { prompts = {}, default_prompt_name: usual } = (await readObject(read, PROMPTS_FILE)) ?? {};
  const isText = (prompt: unknown): boolean => typeof prompt === 'string';
  if (typeof prompts !== 'object' || prompts === null || !Object.values(prompts).every(isText))
    throw damaged(PROMPTS_FILE, 'prompts by name');
  const known = new Map([['query', ''], ['document', ''], ...Object.entries(prompts as Record<string, string>)]); // as sentence-transformers has them
  const name: unknown = asked ?? usual ?? undefined;
  if (name === undefined) return '';
  const prompt = known.get(name as string);
  if (prompt !== undefined) return prompt;
  const names = [...known.keys()].join(', ');
  if (asked === undefined)
    throw damaged(PROMPTS_FILE, `one of its prompts as default_prompt_name (${names}), not ${JSON.stringify(usual)}`);
  throw new EncoderOptionError('ENCODER_OPTION', `encoder.promptName is ${JSON.stringify(asked)}`, {
    expected: `a prompt that the model has: ${names}`,
    remedy: 'set encoder.prefix to the text that is to stand before every text',
  });
}

/** Letters lowered one by one, as the normalizer Lowercase of tokenizers does it: a final sigma is no case of its own. */
export function lowered(text: string): string {
  return Array.from(text, (letter) => letter.toLowerCase()).join('');
}
