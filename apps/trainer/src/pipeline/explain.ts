import { checkOptions, type OptionKeys } from '@expctr/core';
import { explanationsFromRows, readableText, type Explanations } from '@expctr/data';
import type { Completion } from '@expctr/language-model';
import { createPublisher } from '@expctr/ppo';
import { stopIfInterrupted } from './interrupt.js';
import type { Models } from './models.js';
import { POLICY, type RunContext } from './pipeline.js';
import type { PromptBook } from './prompt-book.js';

/** Who explains, and how the rows are named in explanations/1. */
export interface ExplainOptions {
  /** Adapter of the policy; null = the base model. */
  readonly adapter: string | null;
  readonly stage: string;
  readonly iteration: number;
  /** Default `llm.temperature`; 0 = greedy. */
  readonly temperature?: number;
  /** Called with each token of a row's explanation as it is drawn, where the sampler is the policy of this process. */
  readonly onToken?: (row: number, token: number) => void;
}

/** What explaining needs of a pipeline; a worker that has no run folder has just this. */
export interface ExplainContext {
  /** What it is told, and how it says how far it is. */
  readonly run: Pick<RunContext, 'config' | 'rng' | 'progress' | 'signal'> & {
    /** Where an adapter is handed over to a sampler that does not share the policy's memory. */
    readonly folder: Pick<RunContext['folder'], 'checkpoint'>;
  };
  /** What is asked of each row. */
  readonly data: { readonly prompts: Pick<PromptBook, 'tokens'> };
  /** Who explains. */
  readonly models: Pick<Models, 'policy' | 'sampler' | 'stopTokenIds' | 'templates'>;
}

/** Rows a call: so many that a sampler is busy, so few that progress shows and Ctrl-C is heeded. The texts do not depend on it. */
const ROUNDS = 4;

const EXPLAIN_ROWS_OPTIONS: OptionKeys<ExplainOptions> = { adapter: true, stage: true, iteration: true, temperature: true, onToken: true };

/**
 * One explanation for each row, decoded as test rows are unless a temperature is given. A row's random stream is named by the row,
 * so its text depends on nothing but policy, prompt and seed.
 *
 * @param rows interaction ids
 */
export async function explainRows(pipeline: ExplainContext, rows: ArrayLike<number>, options: ExplainOptions): Promise<Explanations> {
  checkOptions('explainRows', options, EXPLAIN_ROWS_OPTIONS);
  const { run, data, models } = pipeline;
  const { config, progress, signal, rng } = run;
  const { adapter, stage, iteration, temperature = config.llm.temperature, onToken } = options;
  if (adapter !== null) await publishPolicy(pipeline);
  const task = progress.begin(`${stage} explanations`, rows.length, 'rows');
  const completions: Completion[] = [];
  let tokens = 0;
  const size = ROUNDS * config.llm.batchSize;
  for (let begin = 0; begin < rows.length; begin += size) {
    stopIfInterrupted(signal);
    const chunk = Array.from({ length: Math.min(size, rows.length - begin) }, (_, i) => rows[begin + i]!);
    const made = await models.sampler.generate(
      chunk.map((row) => data.prompts.tokens(row)),
      {
        maxNewTokens: config.llm.maxNewTokens,
        temperature,
        stopTokenIds: models.stopTokenIds,
        seed: rng.fork('explain', stage, iteration).path,
        keys: chunk,
        adapter,
        ...(onToken === undefined ? {} : { onToken: (token, promptIndex) => onToken(chunk[promptIndex]!, token) }),
      },
    );
    completions.push(...made);
    tokens += made.reduce((sum, completion) => sum + completion.tokens.length, 0);
    task.update(completions.length);
  }
  task.done(`${tokens} tokens`);
  return explanationsFromRows(
    completions.map((completion, index) => ({ ...textOf(pipeline, completion), interactionId: rows[index]!, stage, iteration })),
  );
}

/** Tells the sampler what the policy is now, where it does not share memory with it. */
async function publishPolicy({ run, models: { policy, sampler } }: ExplainContext): Promise<void> {
  const publisher = createPublisher({ policy, adapter: POLICY, sampler, folder: run.folder.checkpoint('published') });
  await publisher?.publish();
  await publisher?.dispose();
}

/** The text of a completion as explanations/1 has it. */
export function textOf(
  { models, run }: { readonly models: Pick<Models, 'policy' | 'templates'>; readonly run: Pick<RunContext, 'config'> },
  { tokens, finishReason }: Pick<Completion, 'tokens' | 'finishReason'>,
): { explanation: string; read: string; tokenCount: number; finishReason: 'stop' | 'length' } {
  const { templates } = models;
  const explanation = models.policy.tokenizer.decodeText(tokens);
  return {
    explanation,
    read: readableText(explanation, [templates.explanation, templates.lc], { stripVerdict: run.config.reader.stripVerdict }),
    tokenCount: tokens.length,
    finishReason,
  };
}
