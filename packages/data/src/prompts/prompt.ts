/** A message of a chat. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/**
 * What a language model is asked. Every string in it is data for the tokenizer: text that looks like a special token is
 * tokenized as ordinary text.
 */
export type Prompt =
  | { readonly form: 'completion'; readonly text: string }
  | {
      readonly form: 'chat';
      readonly messages: readonly ChatMessage[];
      /** The start of the assistant's answer, which the model goes on with. */
      readonly continuation?: string;
    };

/** What a prompt shows of an item. */
export interface ItemText {
  readonly title: string;
  /** Multi-valued attributes by name: `{ genres: ['Comedy', 'Drama'] }`. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

/** A user's history as a prompt shows it, each list oldest first (newest last). */
export interface HistoryText {
  readonly liked: readonly ItemText[];
  readonly disliked: readonly ItemText[];
}
