/** One turn of a chat. */
export interface ChatMessage {
  /** Who speaks. */
  readonly role: 'system' | 'user' | 'assistant';
  /** What is said: data, never markup. */
  readonly content: string;
}

/** A text that the model goes on from. */
export interface CompletionPrompt {
  /** Names the form. */
  readonly form: 'completion';
  /** The text. */
  readonly text: string;
}

/** A conversation in which the assistant speaks next. */
export interface ChatPrompt {
  /** Names the form. */
  readonly form: 'chat';
  /** The turns so far; the model's chat template puts its markup around them and opens the assistant's next turn. */
  readonly messages: readonly ChatMessage[];
  /** The start of the assistant's answer, which the model goes on from. Default none. */
  readonly continuation?: string;
}

/** What a model is asked. Every string in it is data: text that looks like a special token is tokenized as ordinary text. */
export type Prompt = CompletionPrompt | ChatPrompt;

/** Text to token ids and back, for one model. */
export interface Tokenizer {
  /**
   * Token ids of a prompt: with the begin-of-sequence token where the model's tokenizer adds one (completion), or in the
   * model's chat template (chat). No string of the prompt yields a special token.
   * @throws TokenizerError `TOKENIZER_NO_CHAT_TEMPLATE`, `TOKENIZER_BAD_CHAT_TEMPLATE`.
   */
  encode(prompt: Prompt): Int32Array;
  /** Token ids of text that goes on from what stands before it: nothing is put in front, no special token is added or matched. */
  encodeText(text: string): Int32Array;
  /** The text of a whole sequence; special tokens are left out. */
  decode(ids: ArrayLike<number>): string;
  /** The text of a continuation, the inverse of `encodeText`: a leading space is kept where `decode` would drop it. */
  decodeText(ids: ArrayLike<number>): string;
  /** One more than the largest token id, added tokens included. */
  readonly vocabularySize: number;
  /** The begin-of-sequence token, if the tokenizer names one. */
  readonly bosTokenId: number | null;
  /** Ids that end a sequence according to the tokenizer. */
  readonly eosTokenIds: readonly number[];
  /** The padding token, null where there is none. It may be an end-of-sequence token: take masks from lengths. */
  readonly padTokenId: number | null;
  /** True where `encode` takes prompts of the form `chat`. */
  readonly hasChatTemplate: boolean;
  /** Folder or hub id, as given. */
  readonly name: string;
  /** SHA-256 of the tokenizer's files: equal hashes mean equal token ids. */
  readonly hash: string;
}
