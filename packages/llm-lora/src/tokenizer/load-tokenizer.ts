import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fieldsOf } from '../formats/fields.js';
import { readJsonObject } from '../formats/json-file.js';
import { TokenizerError } from './errors.js';
import { withLegacyFiles } from './special-tokens.js';
import { makeTokenizer, type TokenizerFiles } from './text-tokenizer.js';
import type { Tokenizer } from '@expctr/language-model';
import type { TokenizerJson } from './tokenizer-json.js';

/** Where a tokenizer that is not on this machine may come from. */
export interface LoadTokenizerOptions {
  /** Never contact a hub; a hub id must then be in the cache. Default false. A folder is never looked up on a hub in any case. */
  readonly localFilesOnly?: boolean;
  /** Folder in which files from a hub are kept. Default: transformers' own. */
  readonly cacheFolder?: string;
  /** Branch, tag or commit on the hub. Default 'main'. */
  readonly revision?: string;
}

/**
 * Loads the tokenizer of a model: a folder with tokenizer.json (or a model file in one), or a Hugging Face hub id.
 *
 * In a folder, the end tokens of generation_config.json (else of config.json) join the tokenizer's own.
 *
 * @throws TokenizerError `TOKENIZER_NOT_FOUND`, `TOKENIZER_NOT_JSON`, `TOKENIZER_UNSUPPORTED`; it says which file to put where.
 */
export async function loadTokenizer(path: string, options: LoadTokenizerOptions = {}): Promise<Tokenizer> {
  const found = await stat(path).catch(() => null);
  const files = found === null ? await filesOfHub(path, options) : await filesOfFolder(found.isDirectory() ? path : dirname(path));
  // Loaded on first use: it brings ONNX Runtime with it, which users of the weight formats alone do not need.
  const { PreTrainedTokenizer } = await import('@huggingface/transformers');
  try {
    return makeTokenizer(files, PreTrainedTokenizer);
  } catch (cause) {
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
  return { name: folder, json: checkedJson(json, join(folder, 'tokenizer.json')), config: withTemplate, endTokenIds };
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

async function filesOfHub(
  id: string,
  { localFilesOnly = false, cacheFolder, revision = 'main' }: LoadTokenizerOptions,
): Promise<TokenizerFiles> {
  const missing = (what: string, cause?: unknown): TokenizerError =>
    new TokenizerError('TOKENIZER_NOT_FOUND', what, {
      where: id,
      expected: 'a folder with tokenizer.json and tokenizer_config.json, or the id of a model on the Hugging Face hub',
      remedy: `download tokenizer.json and tokenizer_config.json from https://huggingface.co/${id} into a folder and give its path`,
      ...(cause === undefined ? {} : { cause }),
    });
  if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/.test(id)) {
    throw new TokenizerError('TOKENIZER_NOT_FOUND', 'there is no such folder', {
      where: id,
      expected: 'a folder with tokenizer.json and tokenizer_config.json',
      remedy: 'check the path, or download both files of the model into that folder',
      wrongUse: true,
    });
  }
  const { AutoTokenizer } = await import('@huggingface/transformers');
  try {
    const tokenizer = await AutoTokenizer.from_pretrained(id, {
      local_files_only: localFilesOnly,
      revision,
      ...(cacheFolder === undefined ? {} : { cache_dir: cacheFolder }),
    });
    return {
      name: id,
      json: checkedJson(tokenizer._tokenizerJSON as Record<string, unknown>, id),
      config: tokenizer._tokenizerConfig as Record<string, unknown>,
    };
  } catch (cause) {
    throw missing(`there is no such folder, and the hub gave no tokenizer: ${(cause as Error).message}`, cause);
  }
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
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new TokenizerError('TOKENIZER_NOT_JSON', `it is not JSON (${(cause as Error).message})`, { where: path, remedy: REFETCH, cause });
  }
  throw new TokenizerError('TOKENIZER_NOT_JSON', 'it is not a JSON object', { where: path, remedy: REFETCH });
}

const REFETCH = 'download the file again; it was cut short or damaged';

function checkedJson(json: Record<string, unknown>, where: string): TokenizerJson {
  const model = json['model'] as Record<string, unknown> | null | undefined;
  if (typeof model === 'object' && model !== null && typeof model['vocab'] === 'object' && model['vocab'] !== null) {
    return {
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
      ...json,
      model: { ...model, vocab: model['vocab'] },
    };
  }
  throw new TokenizerError('TOKENIZER_UNSUPPORTED', 'it has no model with a vocabulary', {
    where,
    expected: 'the tokenizer.json of a fast tokenizer',
    remedy: 'save it again with transformers: AutoTokenizer.from_pretrained(id).save_pretrained(folder)',
  });
}
