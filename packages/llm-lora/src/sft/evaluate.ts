import type { TrainablePolicy } from '@expctr/language-model/training';
import { batchOf, learnedTokens, type SftRow } from './rows.js';

/** Rows that are scored between two looks at the signal. */
const PART = 64;

/** Mean cross entropy of the learned tokens in nats. @param adapter null = the base model */
export async function evaluationLoss(
  policy: Pick<TrainablePolicy, 'logProbabilities'>,
  rows: readonly SftRow[],
  adapter: string | null,
  { pack, signal }: { readonly pack: boolean; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  let sum = 0;
  let tokens = 0;
  for (let at = 0; at < rows.length; at += PART) {
    signal?.throwIfAborted();
    const part = rows.slice(at, at + PART);
    const { prompts, responses } = batchOf(part, pack);
    const logProbs = await policy.logProbabilities({ prompts, responses, pack }, adapter);
    part.forEach((row, index) => {
      row.weights.forEach((weight, token) => (sum -= weight * logProbs[index]![token]!));
      tokens += learnedTokens(row);
    });
  }
  return sum / tokens;
}
