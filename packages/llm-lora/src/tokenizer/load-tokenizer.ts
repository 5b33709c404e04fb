import { parseJson, checkOptions, type OptionKeys } from '@expctr/core';
import { dirname, join, readFile, stat } from '@expctr/core/platform';
import type { HubOptions } from '@expctr/hub';
import { fieldsOf } from '../formats/fields.js';
import { tokenizerFiles } from '../formats/hub-files.js';
import { readJsonObject } from '../formats/json-file.js';
import { locateModel } from '../formats/locate-model.js';
import { checkedTokenizerJson } from './check-files.js';
import { TokenizerError } from './errors.js';
import { withLegacyFiles } from './special-tokens.js';
import { makeTokenizer, type TokenizerFiles } from './text-tokenizer.js';
import type { Tokenizer } from '@expctr/language-model';

/** Where a tokenizer that is not in a folder here comes from. */
export interface LoadTokenizerOptions {
  /** Where a model that is named by its hub id comes from, and where it is kept. */
  readonly hub?: HubOptions;
}

const LOAD_TOKENIZER_OPTIONS: OptionKeys<LoadTokenizerOptions> = { hub: true };

/**
 * Loads the tokenizer of a model: a folder with tokenizer.json (or a model file in one), or `owner/name` or
 * `owner/name@revision` of the Hugging Face hub, of which only the files of the tokenizer are fetched. What is here comes first.
 *
 * In a folder, the end tokens of generation_config.json (else of config.json) join the tokenizer's own.
 *
 * @throws TokenizerError `TOKENIZER_NOT_FOUND`, `TOKENIZER_NOT_JSON`, `TOKENIZER_UNSUPPORTED`; it says which file to put where.
 * @throws HubError where a model of the hub cannot be had.
 */
export async function loadTokenizer(pathOrId: string, options: LoadTokenizerOptions = {}): Promise<Tokenizer> {
  checkOptions('loadTokenizer', options, LOAD_TOKENIZER_OPTIONS);
  const { path } = await locateModel(pathOrId, options.hub, tokenizerFiles);
  const folder = await folderOf(path);
  const files = { ...(await filesOfFolder(folder)), name: path === pathOrId ? folder : pathOrId };
  // Loaded on first use: it brings ONNX Runtime with it, which users of the weight formats alone do not need.
  const { PreTrainedTokenizer } = await import('@huggingface/transformers');
  try {
    return makeTokenizer(files, PreTrainedTokenizer);
  } catch (cause) {
    if (cause instanceof TokenizerError) throw cause;
    throw new TokenizerError('TOKENIZER_UNSUPPORTED', `the tokenizer cannot be built: ${(cause as Error).message}`, {
      where: files.name,
      expected: 'a tokenizer.json that @huggingface/transformers reads',
      remedy: 'save it again with transformers: AutoTokenizer.from_pretrained(id).save_pretrained(folder)',
      cause,
    });
  }
}

async function filesOfFolder(folder: string): Promise<TokenizerFiles> {
  const json = await readObject(join(folder, 'tokenizer.json'));
  if (json === null) {
    throw new TokenizerError('TOKENIZER_NOT_FOUND', 'the folder has no tokenizer.json', {
      where: folder,
      expected: 'tokenizer.json and, for the names of the special tokens, tokenizer_config.json',
      remedy: `download both files of the model into ${folder}`,
    });
  }
  const config = withLegacyFiles(
    (await readObject(join(folder, 'tokenizer_config.json'))) ?? {},
    await readObject(join(folder, 'special_tokens_map.json')),
    await readObject(join(folder, 'added_tokens.json')),
  );
  const template = await readText(join(folder, 'chat_template.jinja')); // comes first, as in transformers
  const withTemplate = template === null ? config : { ...config, chat_template: template };
  const endTokenIds = await endTokens(folder);
  return { name: folder, json: checkedTokenizerJson(json, join(folder, 'tokenizer.json')), config: withTemplate, endTokenIds };
}

/** The end tokens of generation_config.json, else of config.json: instruction-tuned models end a turn with others than a text. */
async function endTokens(folder: string): Promise<readonly number[]> {
  for (const name of ['generation_config.json', 'config.json']) {
    const path = join(folder, name);
    const json = await readJsonObject(path);
    const ids = json === null ? [] : fieldsOf(json, path).tokenIds('eos_token_id');
    if (ids.length > 0) return ids;
  }
  return [];
}

/** The folder itself, or that of a model file. */
async function folderOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found !== null) return found.isDirectory() ? path : dirname(path);
  throw new TokenizerError('TOKENIZER_NOT_FOUND', 'there is no such folder', {
    where: path,
    expected: 'a folder with tokenizer.json and tokenizer_config.json, or the id of a model on the hub',
    remedy: 'check the path, or download both files of the model into that folder',
    wrongUse: true,
  });
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new TokenizerError('TOKENIZER_NOT_FOUND', 'the file cannot be read', { where: path, cause });
  }
}

async function readObject(path: string): Promise<Record<string, unknown> | null> {
  const text = await readText(path);
  if (text === null) return null;
  try {
    const value: unknown = parseJson(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new TokenizerError('TOKENIZER_NOT_JSON', `it is not JSON (${(cause as Error).message})`, { where: path, remedy: REFETCH, cause });
  }
  throw new TokenizerError('TOKENIZER_NOT_JSON', 'it is not a JSON object', { where: path, remedy: REFETCH });
}

const REFETCH = 'download the file again; it was cut short or damaged';
