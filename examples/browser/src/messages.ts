/** What the page asks of the worker that holds the model; each is answered by an {@link Answer} of the same `id`. */
export type Question =
  | { readonly kind: 'load'; readonly model: string; readonly device: 'cpu' | 'webgpu'; readonly files: readonly AdapterFile[] }
  | { readonly kind: 'generate'; readonly prompt: string; readonly tokens: number; readonly adapter: boolean }
  | { readonly kind: 'train'; readonly examples: string; readonly epochs: number; readonly learningRate: number }
  | { readonly kind: 'save' };

/** A file of an adapter in PEFT's format. */
export interface AdapterFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What is told before a question is answered. */
export type News =
  | { readonly kind: 'file'; readonly name: string; readonly bytes: number }
  /** All of the text so far. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'step'; readonly step: number; readonly steps: number; readonly loss: number; readonly tokensPerSecond: number };

/** What a question comes to. */
export interface Answers {
  readonly load: { readonly model: string; readonly parameters: number; readonly threads: number };
  readonly generate: { readonly text: string; readonly tokensPerSecond: number };
  readonly train: { readonly steps: number };
  readonly save: { readonly files: readonly AdapterFile[] };
}

export type FromWorker =
  | { readonly id: number; readonly news: News }
  | { readonly id: number; readonly answer: Answers[keyof Answers] }
  | { readonly id: number; readonly error: string };
