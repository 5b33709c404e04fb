import type { TokenIds } from './tokenizer.js';

/** Options of {@link AnswerScorer.scoreAnswers}. */
export interface AnswerOptions {
  /** Which adapter answers. Default null: the base model, as the LC reward asks it. */
  readonly adapter?: string | null;
  /** Called after each batch with the prompts done and their number. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Something that says how probable given answers are: a model in this process, or a server. */
export interface AnswerScorer {
  /**
   * log P(answer | prompt) in nats, summed over all tokens of each answer.
   * @param prompts what comes before the answers
   * @param answers `answers[i]` are the possible answers to `prompts[i]`
   * @returns one array for each prompt, in the order of its answers
   */
  scoreAnswers(prompts: readonly TokenIds[], answers: readonly (readonly TokenIds[])[], options?: AnswerOptions): Promise<Float32Array[]>;
}
