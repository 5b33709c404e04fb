import { TokenizerError } from './errors.js';
import type { TokenizerJson } from './tokenizer-json.js';

/** Ids beyond which a file is taken for damaged: the largest vocabularies have some hundred thousand tokens. */
const LARGEST_ID = 2 ** 23 - 1;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isId = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LARGEST_ID;

/**
 * Checks the parts of tokenizer.json that become token ids: what is missing or no number there would be an id that is no number.
 * @throws TokenizerError `TOKENIZER_UNSUPPORTED` which names the field
 */
export function checkedTokenizerJson(json: Readonly<Record<string, unknown>>, where: string): TokenizerJson {
  const bad = (field: string, what: string, expected: string): TokenizerError =>
    new TokenizerError('TOKENIZER_UNSUPPORTED', `${field} ${what}`, {
      where,
      expected,
      remedy: 'fetch the file again, or save it with transformers: AutoTokenizer.from_pretrained(id).save_pretrained(folder)',
    });
  const { model } = json;
  const added = json['added_tokens'] ?? [];
  if (!isRecord(model) || typeof model['vocab'] !== 'object' || model['vocab'] === null) {
    throw bad('model', 'has no vocabulary', 'the tokenizer.json of a fast tokenizer');
  }
  checkVocabulary(model['vocab'], bad);
  if (model['unk_id'] !== undefined && model['unk_id'] !== null && !isId(model['unk_id'])) {
    throw bad('model.unk_id', `is ${shown(model['unk_id'])}`, 'a token id');
  }
  if (!Array.isArray(added)) throw bad('added_tokens', `is ${shown(added)}`, 'a list of tokens');
  for (const [at, token] of (added as unknown[]).entries()) {
    if (isRecord(token) && isId(token['id']) && typeof token['content'] === 'string') continue;
    throw bad(`added_tokens[${at}]`, `is ${shown(token)}`, `an id from 0 to ${LARGEST_ID} and a content`);
  }
  return {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    ...json,
    added_tokens: added as NonNullable<TokenizerJson['added_tokens']>,
    model: { ...model, vocab: model['vocab'] },
  };
}

type Bad = (field: string, what: string, expected: string) => TokenizerError;

/** A list of tokens with their scores (Unigram), whose ids are their places, or ids by token. */
function checkVocabulary(vocabulary: object, bad: Bad): void {
  if (Array.isArray(vocabulary)) {
    for (const [at, entry] of (vocabulary as unknown[]).entries()) {
      const [token, score] = Array.isArray(entry) ? (entry as unknown[]) : [];
      if (typeof token === 'string' && typeof score === 'number' && Number.isFinite(score)) continue;
      throw bad(`model.vocab[${at}]`, `is ${shown(entry)}`, 'a token and its score');
    }
    return;
  }
  for (const [token, id] of Object.entries(vocabulary as Readonly<Record<string, unknown>>)) {
    if (!isId(id)) throw bad(`model.vocab[${shown(token)}]`, `is ${shown(id)}`, `a token id from 0 to ${LARGEST_ID}`);
  }
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'missing').slice(0, 80);

/**
 * Token ids that a tokenizer made of a text: each must be one.
 * @throws TokenizerError `TOKENIZER_NO_TOKEN` where a part of the text has no token, and the vocabulary no token for the unknown
 */
export function checkedIds(ids: readonly unknown[], text: string, where: string): number[] {
  const at = ids.findIndex((id) => !isId(id));
  if (at === -1) return ids as number[];
  throw new TokenizerError('TOKENIZER_NO_TOKEN', `a part of the text ${shown(text)} has no token`, {
    where,
    expected: 'a vocabulary that has tokens for every text, or one for what is unknown (unk_token)',
    remedy: 'fetch tokenizer.json again; its vocabulary was cut short or damaged',
  });
}

/** Lets a tokenizer work, whose file asked for something that the library does not do. @throws TokenizerError `TOKENIZER_UNSUPPORTED` */
export function working<T>(work: () => T, where: string): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof TokenizerError) throw cause;
    throw new TokenizerError('TOKENIZER_UNSUPPORTED', `the tokenizer fails: ${(cause as Error).message}`, {
      where,
      expected: 'a tokenizer.json that @huggingface/transformers reads',
      remedy: 'save it again with transformers: AutoTokenizer.from_pretrained(id).save_pretrained(folder)',
      cause,
    });
  }
}
