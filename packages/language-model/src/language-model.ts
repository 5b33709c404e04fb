import type { AnswerScorer } from './answer-scorer.js';
import type { Tokenizer } from './tokenizer.js';
import type { TrainablePolicy } from './trainable-policy.js';

/** A causal language model with all that the method asks of one: it writes, it reads, and it is trained. */
export interface LanguageModel<Adapter = unknown> extends TrainablePolicy<Adapter>, AnswerScorer {
  /** Its model family, as its files name it (`llama`, `qwen2`, …). */
  readonly family: string;
  /** Text to token ids and back. */
  readonly tokenizer: Tokenizer;
  /** Longest context, prompt and response together, in tokens. */
  readonly maxPositions: number;
  /** Frees weights and compiled functions. */
  dispose(): Promise<void>;
}
