/** The parts of a parsed tokenizer.json that are looked at or changed here; the rest goes through as it is. */
export interface TokenizerJson {
  /** Tokens that are looked for in the text before the model's algorithm runs. */
  readonly added_tokens?: readonly AddedTokenJson[];
  /** Text to text, before anything else. */
  readonly normalizer?: unknown;
  /** Text to words. */
  readonly pre_tokenizer?: unknown;
  /** Puts special tokens around a sequence. */
  readonly post_processor?: unknown;
  /** Tokens to text. */
  readonly decoder?: unknown;
  /** Words to tokens: the algorithm with its vocabulary. */
  readonly model: { readonly vocab: unknown; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** One entry of `added_tokens`. */
export interface AddedTokenJson {
  /** Its token id. */
  readonly id: number;
  /** Its text. */
  readonly content: string;
  /** True for tokens that decoding leaves out. */
  readonly special: boolean;
  /** It takes white space before it with it. */
  readonly lstrip?: boolean;
  /** It takes white space after it with it. */
  readonly rstrip?: boolean;
  /** It is looked for in the normalized text. */
  readonly normalized?: boolean;
  /** It is found as a word of its own only. */
  readonly single_word?: boolean;
}

/**
 * True for tokens that steer the model. Besides the special ones these are all added tokens in brackets: `<tool_call>` and
 * `<think>` are not marked special in the tokenizers that use them, yet data must not be able to write them.
 */
export function isControl(token: AddedTokenJson): boolean {
  return token.special || /^[<[].*[>\]]$/s.test(token.content);
}

/**
 * The same tokenizer with `Digits` as the reference means it: every number of Unicode (Rust's `char::is_numeric`, so also ½
 * and ٣) stands alone, or in a run of its own; @huggingface/tokenizers 0.2 sees 0 to 9 only.
 */
export function withUnicodeDigits(json: TokenizerJson): TokenizerJson {
  const change = (part: Part): Part =>
    part['type'] === 'Digits'
      ? {
          type: 'Split',
          pattern: { Regex: part['individual_digits'] === true ? '\\p{N}' : '\\p{N}+' },
          behavior: 'Isolated',
          invert: false,
        }
      : part;
  return { ...json, pre_tokenizer: mapParts(json.pre_tokenizer, 'pretokenizers', change) };
}

/** One component: a normalizer, a pre-tokenizer or a decoder. */
export type Part = Readonly<Record<string, unknown>>;

/** Applies `change` to a component, or to each part of a `Sequence` (whose parts stand in the field `list`); null takes it out. */
export function mapParts(component: unknown, list: string, change: (part: Part) => Part | null): Part | null {
  if (typeof component !== 'object' || component === null) return null;
  const part = component as Part;
  if (part['type'] !== 'Sequence') return change(part);
  const parts = (Array.isArray(part[list]) ? part[list] : []) as readonly Part[];
  const kept = parts.map((inner) => mapParts(inner, list, change)).filter((inner) => inner !== null);
  return kept.length === 0 ? null : { ...part, [list]: kept };
}
