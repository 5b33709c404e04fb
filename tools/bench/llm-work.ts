// The work that tools/bench/llm.ts measures; both sides read these numbers. Token ids are random: the time does not depend on them.

/** Sampling with a cache. */
export interface DecodeWork {
  readonly kind: 'decode';
  readonly title: string;
  readonly sequences: number;
  /** Tokens of each prompt. */
  readonly prompt: number;
  /** New tokens of each sequence. */
  readonly tokens: number;
  /** Whether there is an adapter (rank 16, q and v); llama.cpp has none either way. */
  readonly adapter: boolean;
}

/** Reading of different prompts before sampling. */
export interface PrefillWork {
  readonly kind: 'prefill';
  readonly title: string;
  readonly sequences: number;
  /** Tokens of each prompt. */
  readonly prompt: number;
}

/** Sampling after prompts of many lengths, from beginning to end. */
export interface UnevenWork {
  readonly kind: 'uneven';
  readonly title: string;
  readonly sequences: number;
  /** Tokens of the shortest and of the longest prompt; the others lie evenly between them. */
  readonly shortest: number;
  readonly longest: number;
  /** New tokens of each sequence. */
  readonly tokens: number;
}

/** A training step, or the log-probabilities of given responses. */
export interface BatchWork {
  readonly kind: 'step' | 'score';
  readonly title: string;
  readonly prompts: number;
  /** Responses to each prompt. */
  readonly completions: number;
  /** Tokens of a prompt, and of a response. */
  readonly prompt: number;
  readonly response: number;
}

/** Two answers to texts that begin alike. */
export interface ReadWork {
  readonly kind: 'read';
  readonly title: string;
  readonly texts: number;
  /** Tokens that all texts begin with. */
  readonly prefix: number;
  /** Tokens of each text's own. */
  readonly text: number;
}

/** Something to measure. */
export type Work = DecodeWork | PrefillWork | UnevenWork | BatchWork | ReadWork;

/** What each side prints, as JSON in its last line. */
export interface Figure {
  readonly figure: number;
  readonly unit: 'tok/s' | 's' | 'texts/s';
  /** Largest resident set. */
  readonly gigabytes: number;
  /** Of sampling by small weights: how far its log-probabilities are from those of float32, in nats: mean and largest. */
  readonly mismatch?: readonly [mean: number, largest: number];
}

function decoding(sequences: number, adapter: boolean): DecodeWork {
  const title = `decode, ${sequences} sequence${sequences === 1 ? '' : 's'} after 200 tokens${adapter ? '' : ', no adapter'}`;
  return { kind: 'decode', title, sequences, prompt: 200, tokens: 24, adapter };
}

/** The work by name. */
export const WORK = {
  'decode-1': decoding(1, true),
  'decode-16': decoding(16, true),
  'decode-64': decoding(64, true),
  'base-1': decoding(1, false),
  'base-16': decoding(16, false),
  'base-64': decoding(64, false),
  prefill: { kind: 'prefill', title: 'prefill, 16 different prompts of 200 tokens', sequences: 16, prompt: 200 },
  uneven: {
    kind: 'uneven',
    title: '64 prompts of 20 to 300 tokens, 32 new ones each, end to end',
    sequences: 64,
    shortest: 20,
    longest: 300,
    tokens: 32,
  },
  step: { kind: 'step', title: 'LoRA step (rank 16, q and v), 4 x 256 tokens', prompts: 4, completions: 1, prompt: 1, response: 255 },
  'step-last': {
    kind: 'step',
    title: 'LoRA step, 4 x 256 tokens, loss over the last 48',
    prompts: 4,
    completions: 1,
    prompt: 208,
    response: 48,
  },
  'step-completions': {
    kind: 'step',
    title: 'LoRA step, 4 prompts x 4 completions, 155 + 48 tokens',
    prompts: 4,
    completions: 4,
    prompt: 155,
    response: 48,
  },
  score: {
    kind: 'score',
    title: 'log-probabilities, 4 prompts x 4 completions, 155 + 48 tokens',
    prompts: 4,
    completions: 4,
    prompt: 155,
    response: 48,
  },
  read: { kind: 'read', title: 'two answers to 32 texts of 80 tokens after 200 common ones', texts: 32, prefix: 200, text: 80 },
} satisfies Record<string, Work>;
