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
