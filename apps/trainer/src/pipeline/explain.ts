import { explanationsFromRows, readableText, type Explanations } from '@expctr/data';
import type { Completion } from '@expctr/ppo';
import { stopIfInterrupted } from './interrupt.js';
import type { Parts } from './parts.js';

/** Who explains, and how the rows are named in explanations/1. */
export interface ExplainOptions {
  /** Adapter of the policy; null = the base model. */
  readonly adapter: string | null;
  readonly stage: string;
  readonly iteration: number;
  /** Default `llm.temperature`; 0 = greedy. */
  readonly temperature?: number;
}

/**
 * One explanation for each row, decoded as test rows are unless a temperature is given.
 *
 * @param rows interaction ids
 */
export async function explainRows(
  parts: Parts,
  rows: ArrayLike<number>,
  { adapter, stage, iteration, temperature = parts.config.llm.temperature }: ExplainOptions,
): Promise<Explanations> {
  const { policy, prompts, config, progress, signal, rng } = parts;
  const task = progress.begin(`${stage} explanations`, rows.length, 'rows');
  const completions: Completion[] = [];
  let tokens = 0;
  for (let begin = 0; begin < rows.length; begin += config.llm.batchSize) {
    stopIfInterrupted(signal);
    const chunk = Array.from({ length: Math.min(config.llm.batchSize, rows.length - begin) }, (_, i) => rows[begin + i]!);
    const made = await policy.generate(
      chunk.map((row) => prompts.tokens(row)),
      {
        maxNewTokens: config.llm.maxNewTokens,
        temperature,
        stopTokenIds: parts.stopTokenIds,
        rng: rng.fork('explain', stage, iteration, begin),
        adapter,
      },
    );
    completions.push(...made);
    tokens += made.reduce((sum, completion) => sum + completion.tokens.length, 0);
    task.update(completions.length);
  }
  task.done(`${tokens} tokens`);
  return explanationsFromRows(
    completions.map((completion, index) => ({ ...textOf(parts, completion), interactionId: rows[index]!, stage, iteration })),
  );
}

/** The text of a completion as explanations/1 has it. */
export function textOf(
  { tokenizer, templates, config }: Pick<Parts, 'tokenizer' | 'templates' | 'config'>,
  completion: Completion,
): {
  explanation: string;
  read: string;
  tokenCount: number;
  finishReason: 'stop' | 'length';
} {
  const explanation = tokenizer.decodeText(completion.tokens);
  return {
    explanation,
    read: readableText(explanation, [templates.explanation, templates.lc], { stripVerdict: config.reader.stripVerdict }),
    tokenCount: completion.tokens.length,
    finishReason: completion.finishReason,
  };
}
