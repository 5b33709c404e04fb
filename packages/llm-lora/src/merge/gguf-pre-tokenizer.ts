/** A part of tokenizer.json. */
type Part = Readonly<Record<string, unknown>>;

interface Splitting {
  readonly normalizer?: unknown;
  readonly pre_tokenizer?: unknown;
  readonly model: { readonly ignore_merges?: boolean };
}

/** Words of Llama 3 and its kin: numbers in groups of three. */
const LLAMA_3 =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Words of Qwen2: the same with numbers one by one. */
const QWEN_2 = LLAMA_3.replace('\\p{N}{1,3}', '\\p{N}');

/**
 * llama.cpp's name (`tokenizer.ggml.pre`, src/llama-vocab.cpp) for the way in which a byte-level BPE splits texts before it merges.
 * @returns null where it has none
 */
export function preTokenizerName({ normalizer, pre_tokenizer: pre, model: { ignore_merges: whole = false } }: Splitting): string | null {
  if (normalizer !== null && normalizer !== undefined && typeOf(normalizer) !== 'NFC') return null;
  const parts = partsOf(pre);
  const last = parts.at(-1);
  if (last === undefined || typeOf(last) !== 'ByteLevel' || last['add_prefix_space'] === true) return null;
  const own = last['use_regex'] !== false;
  const [first] = parts;
  if (parts.length === 1) return own && !whole ? 'gpt-2' : null;
  if (parts.length !== 2 || first === undefined) return null;
  if (typeOf(first) === 'Digits') return own && !whole && first['individual_digits'] === true ? 'smollm' : null;
  if (own || typeOf(first) !== 'Split' || first['behavior'] !== 'Isolated' || first['invert'] === true) return null;
  const words = (first['pattern'] as { Regex?: unknown } | undefined)?.Regex;
  if (words === LLAMA_3) return whole ? 'llama-bpe' : 'dbrx';
  return words === QWEN_2 && !whole ? 'qwen2' : null;
}

/**
 * Whether a text is begun with a space, by a tokenizer that writes spaces as SentencePiece does; null for one that does not.
 */
export function spacePrefix({ normalizer, pre_tokenizer: pre }: Splitting): boolean | null {
  const steps = partsOf(normalizer, 'normalizers');
  const [word] = partsOf(pre);
  if (steps.length === 0) {
    if (word === undefined || typeOf(word) !== 'Metaspace' || word['split'] === true || word['replacement'] !== SPACE) return null;
    return word['prepend_scheme'] !== 'never';
  }
  const plain = word === undefined || (typeOf(word) === 'Split' && (word['pattern'] as { String?: unknown } | undefined)?.String === ' ');
  const [prepend, replace] = steps.length === 2 ? steps : [null, steps[0]];
  if (!plain || steps.length > 2 || replace === undefined || typeOf(replace) !== 'Replace' || replace['content'] !== SPACE) return null;
  if (prepend === null || prepend === undefined) return false;
  return typeOf(prepend) === 'Prepend' && prepend['prepend'] === SPACE ? true : null;
}

const SPACE = '\u2581';

const typeOf = (part: unknown): unknown => (typeof part === 'object' && part !== null ? (part as Part)['type'] : undefined);

/** The parts of a sequence, or the only one. */
function partsOf(part: unknown, list = 'pretokenizers'): readonly Part[] {
  if (typeof part !== 'object' || part === null) return [];
  const parts = (part as Part)[list];
  return Array.isArray(parts) ? (parts as Part[]) : [part as Part];
}
