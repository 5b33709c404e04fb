import type { AddedTokenJson, TokenizerJson } from './tokenizer-json.js';

/** A token that a file beside tokenizer.json names: its text and flags, and the id that the file gives it, if it does. */
type NamedToken = Omit<AddedTokenJson, 'id'> & { readonly id?: number };

/** The order in which transformers gives new tokens their ids: these names first, then others in the order of the file. */
const ORDER = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/**
 * What tokenizer_config.json says together with the files that older versions of transformers write beside it. Those count only
 * where it has no `added_tokens_decoder`; the names of special_tokens_map.json then come first, as in transformers.
 * @param map special_tokens_map.json @param added added_tokens.json: text to id
 */
export function withLegacyFiles(
  config: Readonly<Record<string, unknown>>,
  map: Readonly<Record<string, unknown>> | null,
  added: Readonly<Record<string, unknown>> | null,
): Readonly<Record<string, unknown>> {
  if (config['added_tokens_decoder'] !== undefined) return config;
  const named = map === null ? config : { ...config, ...map };
  if (added === null) return named;
  const special = new Set(specialTokens(named).map(({ content }) => content));
  const entries = Object.entries(added).map(([content, id]) => {
    const isSpecial = special.has(content);
    return [String(id), { content, special: isSpecial, normalized: !isSpecial }] as const;
  });
  return { ...named, added_tokens_decoder: Object.fromEntries(entries) };
}

/** The configuration with the texts of special tokens, which older versions write as objects with their text in `content`. */
export function plainTokens(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, key.endsWith('_token') ? (tokenOf(value)?.content ?? value) : value]),
  );
}

/**
 * The same tokenizer with every token that tokenizer_config.json names among its added tokens, as transformers in Python has it:
 * `added_tokens_decoder`, `bos_token` and its like, `extra_special_tokens`, `additional_special_tokens`. A token that the
 * vocabulary has keeps its id, others come behind it; the flags of `added_tokens_decoder` come before those of tokenizer.json.
 * @throws Error where `added_tokens_decoder` gives a new token an id that is not the next free one
 */
export function withNamedTokens(json: TokenizerJson, config: Readonly<Record<string, unknown>>): TokenizerJson {
  const idOf = vocabularyOf(json);
  const added = new Map((json.added_tokens ?? []).map((token) => [token.content, token]));
  const decoder = decoderTokens(config);
  for (const token of [...decoder, ...specialTokens(config)]) {
    const known = added.get(token.content);
    if (known !== undefined && token.id === undefined) continue;
    const id = known?.id ?? idOf(token.content) ?? nextId(json, [...added.values()]);
    if (known === undefined && token.id !== undefined && token.id !== id) {
      throw new Error(`added_tokens_decoder gives ${JSON.stringify(token.content)} the id ${token.id}, tokenizer.json leads to ${id}`);
    }
    added.set(token.content, { ...known, ...token, id });
  }
  return { ...json, added_tokens: [...added.values()] };
}

function decoderTokens(config: Readonly<Record<string, unknown>>): NamedToken[] {
  const decoder = config['added_tokens_decoder'];
  if (typeof decoder !== 'object' || decoder === null) return [];
  return Object.entries(decoder as Record<string, unknown>)
    .flatMap(([id, value]) => {
      const token = tokenOf(value, false);
      return token === null ? [] : [{ ...token, id: Number(id) }];
    })
    .sort((a, b) => a.id - b.id);
}

function specialTokens(config: Readonly<Record<string, unknown>>): NamedToken[] {
  const extra = config['extra_special_tokens'];
  const names = [...ORDER, ...Object.keys(config).filter((key) => key.endsWith('_token') && !ORDER.includes(key))];
  const lists = [extra, config['additional_special_tokens']].flatMap((value) =>
    typeof value === 'object' && value !== null ? Object.values(value as Record<string, unknown>) : [],
  );
  return [...names.map((name) => config[name]), ...lists].flatMap((value) => tokenOf(value) ?? []);
}

/** @param special what an object without the field means */
function tokenOf(value: unknown, special = true): NamedToken | null {
  if (typeof value === 'string' && value !== '') return { content: value, special: true };
  if (typeof value !== 'object' || value === null) return null;
  const { content, ...flags } = value as Record<string, unknown>;
  const on = (name: string): boolean => flags[name] === true;
  if (typeof content !== 'string' || content === '') return null;
  return {
    content,
    special: special || on('special'),
    lstrip: on('lstrip'),
    rstrip: on('rstrip'),
    normalized: on('normalized'),
    single_word: on('single_word'),
  };
}

function vocabularyOf({ model: { vocab } }: TokenizerJson): (token: string) => number | undefined {
  if (!Array.isArray(vocab)) {
    const ids = vocab as Readonly<Record<string, number>>;
    return (token) => (Object.hasOwn(ids, token) ? ids[token] : undefined);
  }
  return (token) => {
    const index = (vocab as readonly (readonly [string, number])[]).findIndex(([entry]) => entry === token);
    return index === -1 ? undefined : index;
  };
}

/** As huggingface/tokenizers numbers a new token: behind the vocabulary, and behind the added tokens that are there already. */
function nextId({ model: { vocab } }: TokenizerJson, added: readonly AddedTokenJson[]): number {
  const size = Array.isArray(vocab) ? vocab.length : Object.keys(vocab as object).length;
  return added.reduce((next, { id }) => Math.max(next, id + 1), size);
}
