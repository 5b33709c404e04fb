import { join, readFile } from '@expctr/core/platform';
import { FormatError } from '../formats/errors.js';
import type { WrittenGgufMetadata } from '../formats/gguf/write.js';
import { readJsonObject } from '../formats/json-file.js';
import type { DecoderConfig } from '../model/config.js';
import { preTokenizerName, spacePrefix } from './gguf-pre-tokenizer.js';

/** `token_type` of llama.cpp. */
const TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** The parts of tokenizer.json that are looked at. */
interface TokenizerJson {
  readonly normalizer?: unknown;
  readonly pre_tokenizer?: unknown;
  readonly post_processor?: unknown;
  readonly added_tokens?: readonly { readonly id: number; readonly content: string; readonly special: boolean }[];
  readonly model: {
    readonly type?: string;
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges?: readonly (string | readonly [string, string])[];
    readonly byte_fallback?: boolean;
    readonly ignore_merges?: boolean;
    readonly unk_token?: string | null;
  };
}

/**
 * The tokenizer of a Hugging Face folder as llama.cpp reads it: byte-level BPE whose way of splitting has a name there, and BPE over
 * characters with bytes to fall back on, as SentencePiece makes it; its scores are the order of merges.
 * @throws FormatError `GGUF_TOKENIZER` for every other one
 */
export async function ggufTokenizer(folder: string, config: DecoderConfig): Promise<WrittenGgufMetadata> {
  const path = join(folder, 'tokenizer.json');
  const json = (await readJsonObject(path)) as unknown as TokenizerJson | null;
  if (json === null) throw cannotWrite(folder, 'the folder has no tokenizer.json');
  const { model } = json;
  const { merges: pairs } = model;
  if (model.type !== 'BPE' || pairs === undefined) throw cannotWrite(path, `its algorithm is ${String(model.type)}`);
  const merges = pairs.map((pair) => (typeof pair === 'string' ? pair : pair.map((part) => part.replaceAll(' ', 'Ġ')).join(' ')));
  const { tokens, types } = tokenList(json, config.vocabularySize, path);
  const settings = (await readJsonObject(join(folder, 'tokenizer_config.json'))) ?? {};
  const template = await chatTemplate(folder, settings);
  const common = {
    'tokenizer.ggml.tokens': { strings: tokens },
    'tokenizer.ggml.token_type': { int32s: types },
    ...specialTokens(json, settings, config),
    ...(template === null ? {} : { 'tokenizer.chat_template': template }),
  };
  if (model.byte_fallback === true) {
    const prefix = spacePrefix(json);
    if (prefix === null) throw cannotWrite(path, 'its normalizer and pre-tokenizer are not those of SentencePiece');
    return {
      'tokenizer.ggml.model': 'llama',
      'tokenizer.ggml.pre': 'default',
      ...common,
      'tokenizer.ggml.scores': { float32s: scores(tokens, pairs) },
      'tokenizer.ggml.add_space_prefix': prefix,
    };
  }
  const pre = preTokenizerName(json);
  if (pre === null) throw cannotWrite(path, 'llama.cpp has no name for the way in which it splits texts');
  return { 'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.pre': pre, ...common, 'tokenizer.ggml.merges': { strings: merges } };
}

function cannotWrite(where: string, what: string): FormatError {
  return new FormatError('GGUF_TOKENIZER', `the tokenizer cannot be written: ${what}`, {
    where,
    expected: 'byte-level BPE as of Llama 3, Qwen2, SmolLM2 or GPT-2, or BPE that SentencePiece made',
    remedy: "write the file without it, { tokenizer: false }, or save a folder and convert that with llama.cpp's convert_hf_to_gguf.py",
  });
}

/** Tokens by id; rows of the embedding table that no token has are named as llama.cpp's converter names them. */
function tokenList({ model, added_tokens: added = [] }: TokenizerJson, size: number, path: string): { tokens: string[]; types: number[] } {
  const tokens = Array.from({ length: size }, (_, id) => `[PAD${id}]`);
  const types = new Array<number>(size).fill(TYPE.unused);
  const put = (id: number, token: string, type: number): void => {
    if (!(Number.isInteger(id) && id >= 0 && id < size))
      throw cannotWrite(path, `the token ${JSON.stringify(token)} has the id ${id} of ${size}`);
    tokens[id] = token;
    types[id] = type;
  };
  const bytes = model.byte_fallback === true;
  for (const [token, id] of Object.entries(model.vocab)) {
    put(id, token, token === model.unk_token ? TYPE.unknown : bytes && /^<0x[0-9A-F]{2}>$/.test(token) ? TYPE.byte : TYPE.normal);
  }
  for (const { id, content, special } of added) {
    if (types[id] === TYPE.unknown) continue;
    const control = special || /^<\|.*\|>$|^<\uFF5C.*\uFF5C>$/s.test(content);
    put(id, control ? content : content.replaceAll('\u2581', ' '), control ? TYPE.control : TYPE.userDefined);
  }
  return { tokens, types };
}

/** What is merged first has the highest score; a piece that several pairs make has that of the first. */
function scores(tokens: readonly string[], merges: readonly (string | readonly [string, string])[]): number[] {
  const order = new Map<string, number>();
  for (const pair of merges) {
    const piece = typeof pair === 'string' ? pair.replace(' ', '') : pair.join('');
    if (!order.has(piece)) order.set(piece, order.size);
  }
  return tokens.map((token) => -(order.get(token) ?? order.size));
}

function specialTokens(json: TokenizerJson, settings: Readonly<Record<string, unknown>>, config: DecoderConfig): WrittenGgufMetadata {
  const idOf = (name: string): number | undefined => {
    const value = settings[name];
    const content = typeof value === 'object' && value !== null ? (value as { content?: unknown }).content : value;
    if (typeof content !== 'string') return undefined;
    return json.added_tokens?.find((token) => token.content === content)?.id ?? json.model.vocab[content];
  };
  const bos = config.bosTokenId ?? idOf('bos_token');
  const eos = config.eosTokenIds[0] ?? idOf('eos_token');
  const ids = { bos, eos, eot: config.eosTokenIds[1], unknown: idOf('unk_token'), padding: idOf('pad_token') };
  const written = Object.entries(ids).flatMap(([name, id]) =>
    id === undefined ? [] : [[`tokenizer.ggml.${name}_token_id`, { uint32: id }] as const],
  );
  const [first, last] = aroundText(json.post_processor);
  return {
    ...Object.fromEntries(written),
    'tokenizer.ggml.add_bos_token': first !== null && first === tokenOf(settings['bos_token']),
    'tokenizer.ggml.add_eos_token': last !== null && last === tokenOf(settings['eos_token']),
  };
}

const tokenOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? (value as { content?: unknown }).content : value;

type Template = readonly { readonly SpecialToken?: { readonly id: string } }[];

/** The tokens that the post-processor puts before and behind a text. */
function aroundText(processor: unknown): [first: string | null, last: string | null] {
  const { type, single = [], processors = [] } = (processor ?? {}) as { type?: string; single?: Template; processors?: readonly unknown[] };
  if (type === 'TemplateProcessing') return [single[0]?.SpecialToken?.id ?? null, single.at(-1)?.SpecialToken?.id ?? null];
  const found = processors.map(aroundText).find(([first, last]) => first !== null || last !== null);
  return type === 'Sequence' && found !== undefined ? found : [null, null];
}

async function chatTemplate(folder: string, settings: Readonly<Record<string, unknown>>): Promise<string | null> {
  const file = await readFile(join(folder, 'chat_template.jinja'), 'utf8').catch(() => null);
  const named = settings['chat_template'];
  return file ?? (typeof named === 'string' ? named : null);
}
