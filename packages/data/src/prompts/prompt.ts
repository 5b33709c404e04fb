/** A message of a chat. */
export interface ChatMessage {
  /** Who speaks. */
  readonly role: 'system' | 'user' | 'assistant';
  /** What is said. */
  readonly content: string;
}

/** A text that the model goes on with. */
export interface CompletionPrompt {
  /** Tells the two forms apart. */
  readonly form: 'completion';
  /** The text. */
  readonly text: string;
}

/** Messages for the model's chat template. */
export interface ChatPrompt {
  /** Tells the two forms apart. */
  readonly form: 'chat';
  /** The conversation so far. */
  readonly messages: readonly ChatMessage[];
  /** The start of the assistant's answer, which the model goes on with. */
  readonly continuation?: string;
}

/**
 * What a language model is asked. Every string in it is data for the tokenizer: text that looks like a special token is
 * tokenized as ordinary text.
 */
export type Prompt = CompletionPrompt | ChatPrompt;

/** What a prompt shows of an item. */
export interface ItemText {
  /** The title, as the dataset has it. */
  readonly title: string;
  /** Multi-valued attributes by name: `{ genres: ['Comedy', 'Drama'] }`. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

/** A user's history as a prompt shows it, each list oldest first (newest last). */
export interface HistoryText {
  /** Items with label 1. */
  readonly liked: readonly ItemText[];
  /** Items with label 0. */
  readonly disliked: readonly ItemText[];
}
