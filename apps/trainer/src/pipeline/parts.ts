import type { Rng } from '@expctr/core';
import type { ExplanationTemplate, Interactions, Items, LcTemplate } from '@expctr/data';
import type { Encoder } from '@expctr/encoder';
import type { LlamaPolicy, Tokenizer } from '@expctr/llm-lora';
import type { ReaderStatements } from '@expctr/rewards';
import type { Config } from '../config/schema.js';
import type { Checkpoints } from '../run/checkpoints.js';
import type { Progress } from '../run/progress.js';
import type { RunFolder } from '../run/run-folder.js';
import type { PromptBook } from './prompt-book.js';

/** Name of the adapter that is trained. */
export const POLICY = 'policy';

/** Everything that the stages of a run share. */
export interface Parts {
  readonly config: Config;
  readonly rng: Rng;
  readonly folder: RunFolder;
  readonly checkpoints: Checkpoints;
  readonly progress: Progress;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal | undefined;
  readonly interactions: Interactions;
  readonly items: Items;
  readonly templates: { readonly explanation: ExplanationTemplate; readonly lc: LcTemplate };
  /** What the reader check reads. */
  readonly statements: ReaderStatements;
  readonly tokenizer: Tokenizer;
  readonly policy: LlamaPolicy;
  /** Tokens that end an explanation. */
  readonly stopTokenIds: readonly number[];
  readonly prompts: PromptBook;
  readonly encoder: Encoder;
}

/** Writes a warning to the log and to the terminal. */
export function warn({ checkpoints, progress }: Pick<Parts, 'checkpoints' | 'progress'>, code: string, message: string): void {
  checkpoints.log.write({ event: 'warning', code, message });
  progress.say(`warning: ${message}`);
}
