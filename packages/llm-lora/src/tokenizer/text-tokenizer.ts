import { sha256 } from '@expctr/core';
import type { PreTrainedTokenizer } from '@huggingface/transformers';
import { chatStretches, type RenderChat } from './chat-template.js';
import { checkedIds, working } from './check-files.js';
import { TokenizerError } from './errors.js';
import { afterControlToken, asContinuation, withoutControlTokens } from './plain-text.js';
import type { ChatPrompt, Tokenizer } from '@expctr/language-model';
import { plainTokens, withNamedTokens } from './special-tokens.js';
import { templateRenderer } from './render-template.js';
import { checkTemplateEnds } from './template-time.js';
import { tokenBytes, wordSeparatorOf } from './token-bytes.js';
import { textOfTokens } from './token-text.js';
import { isControl, withUnicodeDigits, type TokenizerJson } from './tokenizer-json.js';

/** A tokenizer's two files, parsed. */
export interface TokenizerFiles {
  /** Folder or hub id. */
  readonly name: string;
  /** tokenizer.json */
  readonly json: TokenizerJson;
  /** tokenizer_config.json, with what older files beside it add */
  readonly config: Readonly<Record<string, unknown>>;
  /** Ids that end a sequence according to the model's own files, beside the tokenizer's end token. */
  readonly endTokenIds?: readonly number[];
}

/** The constructor of transformers' tokenizer class. */
export type TokenizerClass = new (json: TokenizerJson, config: Readonly<Record<string, unknown>>) => PreTrainedTokenizer;

/**
 * Makes a tokenizer of parsed files. Four views of one vocabulary do the work: the model's own (markup and decoding), one
 * that cannot write control tokens (data), and for text in the middle of a sequence one for each of both directions.
 */
export function makeTokenizer(
  { name, json: original, config: asWritten, endTokenIds = [] }: TokenizerFiles,
  Class: TokenizerClass,
): Tokenizer {
  const json = withUnicodeDigits(withNamedTokens(original, asWritten));
  const config = plainTokens(asWritten);
  const full = new Class(json, config);
  const plainJson = withoutControlTokens(json);
  const plain = new Class(plainJson, config);
  const plainAfterControl = sharing(plain, afterControlToken(plainJson), config, Class);
  const plainContinuation = sharing(plain, asContinuation(plainJson), config, Class);
  const continuation = asContinuation(json);
  const fullContinuation = sharing(full, continuation, config, Class);
  const wordSeparator = wordSeparatorOf(continuation);
  const bytesOf = tokenBytes(
    continuation,
    (id) => innerOf(full).id_to_token(id),
    (id) => textOf(fullContinuation, [id]),
  );
  const controlTokens = (json.added_tokens ?? []).filter(isControl);
  const hasChatTemplate = full.chat_template !== null;
  let render: RenderChat | undefined;
  const laidOut: RenderChat = (messages) => (render ??= templateRenderer(full.get_chat_template(), config))(messages);
  if (hasChatTemplate) checkTemplateEnds(() => laidOut([{ role: 'user', content: 'Hello' }]), name);
  const prefix = checkedIds(sequencePrefix(full), 'a', name);

  function encodeChat(prompt: ChatPrompt): number[] {
    if (!hasChatTemplate) {
      throw new TokenizerError('TOKENIZER_NO_CHAT_TEMPLATE', 'the model has no chat template', {
        where: name,
        expected: 'chat_template in tokenizer_config.json, or a file chat_template.jinja',
        remedy: 'use a prompt of the form completion, or an instruction-tuned model',
      });
    }
    const stretches = chatStretches(prompt.messages, prompt.continuation ?? '', laidOut, controlTokens, name);
    return stretches.flatMap((stretch, index) =>
      'id' in stretch ? [stretch.id] : idsOf(index === 0 ? plain : plainAfterControl, stretch.text, name),
    );
  }

  return {
    encode: (prompt) => Int32Array.from(prompt.form === 'chat' ? encodeChat(prompt) : [...prefix, ...idsOf(plain, prompt.text, name)]),
    encodeText: (text) => Int32Array.from(idsOf(plainContinuation, text, name)),
    decode: (ids) => working(() => textOf(full, ids), name),
    decodeText: (ids) =>
      wordSeparator === '' ? working(() => textOf(fullContinuation, ids), name) : textOfTokens({ tokenBytes: bytesOf, wordSeparator }, ids),
    tokenBytes: bytesOf,
    wordSeparator,
    vocabularySize: vocabularySize(json),
    bosTokenId: full.bos_token_id ?? null,
    eosTokenIds: [...new Set([...(full.eos_token_id === undefined ? [] : [full.eos_token_id]), ...endTokenIds])],
    padTokenId: typeof config['pad_token'] === 'string' ? (full.pad_token_id ?? null) : null, // transformers falls back on the end token
    unknownTokenId: unknownTokenId(json),
    hasChatTemplate,
    name,
    hash: sha256(JSON.stringify([original, asWritten])),
  };
}

/** A tokenizer with other text handling and the same vocabulary, which is the big part and is not built again. */
function sharing(
  model: PreTrainedTokenizer,
  json: TokenizerJson,
  config: Readonly<Record<string, unknown>>,
  Class: TokenizerClass,
): PreTrainedTokenizer {
  const small = { type: 'BPE', vocab: {}, merges: [], unk_token: null };
  const made = new Class({ ...json, model: small }, config);
  innerOf(made).model = innerOf(model).model;
  return made;
}

/** The tokenizer that transformers wraps: @huggingface/tokenizers, whose `model` and `id_to_token` are public. */
function innerOf(tokenizer: PreTrainedTokenizer): { model: unknown; id_to_token(id: number): string | undefined } {
  return (tokenizer as unknown as { _tokenizer: { model: unknown; id_to_token(id: number): string | undefined } })._tokenizer;
}

function idsOf(tokenizer: PreTrainedTokenizer, text: string, where: string): number[] {
  if (text === '') return [];
  return checkedIds(
    working(() => tokenizer.encode(text, { add_special_tokens: false }), where),
    text,
    where,
  );
}

/** Ids without a token (rows that pad an embedding table) are left out, as special tokens are. */
function textOf(tokenizer: PreTrainedTokenizer, ids: ArrayLike<number>): string {
  const inner = innerOf(tokenizer);
  const known = Array.from(ids).filter((id) => inner.id_to_token(id) !== undefined);
  if (known.length === 0) return '';
  // The clean-up takes spaces before punctuation away; transformers in Python leaves it out for BPE, whatever the file says.
  return tokenizer.decode(known, { skip_special_tokens: true, clean_up_tokenization_spaces: false });
}

/** What the post-processor puts before a sequence: usually the begin-of-sequence token, or nothing. What it puts behind is not for prompts. */
function sequencePrefix(full: PreTrainedTokenizer): number[] {
  const bare = full.encode('a', { add_special_tokens: false });
  const framed = full.encode('a', { add_special_tokens: true });
  const at = framed.findIndex((_, start) => bare.every((id, offset) => framed[start + offset] === id));
  return framed.slice(0, Math.max(0, at));
}

/** What the model writes for what it does not know; that special tokens have such a name does not mean that it is ever written. */
function unknownTokenId({ model, added_tokens: added = [] }: TokenizerJson): number | null {
  if (typeof model['unk_id'] === 'number') return model['unk_id']; // Unigram
  const name = model['unk_token'];
  if (typeof name !== 'string') return null;
  const { vocab } = model;
  const listed = Array.isArray(vocab) || !Object.hasOwn(vocab as object, name) ? undefined : (vocab as Record<string, number>)[name];
  return listed ?? added.find(({ content }) => content === name)?.id ?? null;
}

function vocabularySize(json: TokenizerJson): number {
  const { vocab } = json.model;
  const ids = Array.isArray(vocab) ? [vocab.length - 1] : Object.values(vocab as Record<string, number>);
  const added = (json.added_tokens ?? []).map(({ id }) => id);
  return 1 + [...ids, ...added].reduce((largest, id) => Math.max(largest, id), -1);
}
