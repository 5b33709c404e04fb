import { mapParts, type Part, type TokenizerJson } from './tokenizer-json.js';

/**
 * The bytes that each token adds to a text, as the tokenizer's decoder has them: letters that stand for bytes (`ByteLevel`), tokens
 * that are called `<0x0A>` (`ByteFallback`), marks that are replaced by spaces, and words with a space in front (`WordPiece`, or no
 * decoder). A table, for whoever walks a whole vocabulary.
 * @param json the tokenizer of a continuation, whose decoder strips nothing
 * @param idToToken a token by its id
 * @param text what the decoder makes of one token alone, for decoders of other kinds
 */
export function tokenBytes(
  json: TokenizerJson,
  idToToken: (id: number) => string | undefined,
  text: (id: number) => string,
): (id: number) => Uint8Array {
  const added = new Map((json.added_tokens ?? []).map((token) => [token.id, token]));
  const bytesOf = decoderOf(json);
  const separator = wordSeparatorOf(json);
  const known = new Map<number, Uint8Array>();
  const find = (id: number): Uint8Array => {
    const token = idToToken(id);
    const given = added.get(id);
    if (token === undefined || given?.special === true) return NOTHING;
    if (given !== undefined) return utf8.encode(separator + given.content);
    return bytesOf?.(token) ?? utf8.encode(text(id));
  };
  return (id) => {
    const found = known.get(id) ?? find(id);
    known.set(id, found);
    return found;
  };
}

const NOTHING = new Uint8Array(0);
const utf8 = new TextEncoder();

/** `Tokenizer.wordSeparator` of a tokenizer. */
export function wordSeparatorOf(json: TokenizerJson): string {
  return wordsOf(partsOf(json)) === undefined ? '' : ' ';
}

/** What begins a piece that goes on with the word before it; null where nothing does, undefined where words hold their spaces. */
function wordsOf(parts: readonly Part[]): string | null | undefined {
  if (parts.length === 0) return null;
  if (parts.length > 1 || parts[0]!['type'] !== 'WordPiece') return undefined;
  const { prefix } = parts[0]!;
  return typeof prefix === 'string' && prefix !== '' ? prefix : null;
}

function partsOf({ decoder }: TokenizerJson): Part[] {
  const parts: Part[] = [];
  mapParts(decoder, 'decoders', (part) => (parts.push(part), part));
  return parts;
}

/** A decoder whose steps are all of known kinds, as a function of one token; undefined where one is not. */
function decoderOf(json: TokenizerJson): ((token: string) => Uint8Array) | undefined {
  const parts = partsOf(json);
  const pieces = wordsOf(parts);
  if (pieces !== undefined)
    return (token) => utf8.encode(pieces !== null && token.startsWith(pieces) ? token.slice(pieces.length) : ` ${token}`);
  const types = parts.map(({ type }) => type);
  if (types.length === 1 && types[0] === 'ByteLevel') return (token) => Uint8Array.from(token, (letter) => BYTES.get(letter) ?? 0);
  const replacements: [from: string, to: string][] = [];
  for (const { type, pattern, content } of parts) {
    const from = (pattern as { String?: unknown } | undefined)?.String;
    if (type === 'Replace' && typeof from === 'string' && typeof content === 'string') replacements.push([from, content]);
    else if (type !== 'ByteFallback' && type !== 'Fuse') return undefined;
  }
  const fallback = types.includes('ByteFallback');
  return (token) => {
    const byte = fallback ? /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1] : undefined;
    if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
    return utf8.encode(replacements.reduce((written, [from, to]) => written.replaceAll(from, to), token));
  };
}

/** Letters of byte-level tokenizers (`bytes_to_unicode` of GPT-2's encoder.py): a byte that prints is itself, others follow from 256 on. */
const BYTES: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 256 }, (_, byte) => byte)
    .map((byte) => ({ byte, prints: (byte > 32 && byte < 127) || (byte > 160 && byte !== 173) }))
    .sort((a, b) => Number(b.prints) - Number(a.prints) || a.byte - b.byte)
    .map(({ byte, prints }, at) => [String.fromCharCode(prints ? byte : 256 + at - 188), byte]),
);
