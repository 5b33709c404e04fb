import type { Prompt } from './prompt.js';

/** Token ids of one text, not padded: an array or a typed array of non-negative integers. */
export type TokenIds = ArrayLike<number>;

/** Text to token ids and back, for one model. */
export interface Tokenizer {
  /**
   * Token ids of a prompt: with the begin-of-sequence token where the model's tokenizer adds one (completion), or in the
   * model's chat template (chat). No string of the prompt yields a special token.
   * @throws ExpctrError `TOKENIZER_NO_CHAT_TEMPLATE`, `TOKENIZER_BAD_CHAT_TEMPLATE`.
   */
  encode(prompt: Prompt): Int32Array;
  /** Token ids of text that goes on from what stands before it: nothing is put in front, no special token is added or matched. */
  encodeText(text: string): Int32Array;
  /** The text of a whole sequence; special tokens are left out. */
  decode(ids: TokenIds): string;
  /** The text of a continuation, the inverse of `encodeText`: a leading space is kept where `decode` would drop it. */
  decodeText(ids: TokenIds): string;
  /**
   * The bytes that a token adds to a text: joined and read as UTF-8 they are what `decodeText` gives, also where a character's bytes
   * are spread over tokens. None for what it leaves out: special tokens, and ids without a token. A word of a tokenizer with a
   * {@link wordSeparator} has it in front, which a text's first word has not.
   */
  tokenBytes(id: number): Uint8Array;
  /** What stands between words where the tokenizer's words do not hold their spaces: `' '` of WordPiece and of whole words. Default `''`. */
  readonly wordSeparator?: string;
  /** One more than the largest token id, added tokens included. */
  readonly vocabularySize: number;
  /** The begin-of-sequence token, if the tokenizer names one. */
  readonly bosTokenId: number | null;
  /** Ids that end a sequence according to the tokenizer. */
  readonly eosTokenIds: readonly number[];
  /** The padding token, null where there is none. It may be an end-of-sequence token: take masks from lengths. */
  readonly padTokenId: number | null;
  /** The token that stands for whatever the vocabulary cannot write; null or absent where there is none, as with tokens of bytes. */
  readonly unknownTokenId?: number | null;
  /** True where `encode` takes prompts of the form `chat`. */
  readonly hasChatTemplate: boolean;
  /** Folder or hub id, as given. */
  readonly name: string;
  /** SHA-256 of the tokenizer's files: equal hashes mean equal token ids. */
  readonly hash: string;
}
