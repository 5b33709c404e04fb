import type { TokenIds } from '@expctr/language-model';
import type { Algorithm, ResolvedConfig, RolloutBatch, Selection } from './algorithm.js';
import { PpoError } from './errors.js';
import type { ScoredRollout, UpdateRequest } from './learner.js';
import type { Rollout } from './rollout.js';
import { componentsOf, isScored, scoreCompletions } from './scores.js';
import { penalizeMissingStop } from './shaped-rewards.js';

/** What {@link gatherRollouts} needs. */
export interface GatherOptions {
  readonly algorithm: Algorithm;
  readonly config: ResolvedConfig;
  readonly request: UpdateRequest;
  /** Samples; `promptIndex` counts the prompts of this round. */
  readonly sample: (prompts: readonly TokenIds[], round: number) => Promise<readonly Rollout[]>;
}

/** The rollouts of an update. */
export interface Gathered {
  /** All of them. */
  readonly completions: readonly ScoredRollout[];
  /** Those that were scored. */
  readonly batch: RolloutBatch;
  /** What of the batch enters the step. */
  readonly selection: Selection;
  /** Figures for the log. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Rolls out and scores. With `refillRounds`, prompts of which nothing enters the step are made up for by further ones, as in the dynamic
 * sampling of DAPO (Yu et al. 2025, section 3.2), until as many prompts as were asked for teach something or the rounds are over.
 * @throws PpoError PPO_NO_PROMPTS where further ones are wanted and the request has no `more`
 */
export async function gatherRollouts({ algorithm, config, request, sample }: GatherOptions): Promise<Gathered> {
  const { prompts, onPhase } = request;
  let completions: readonly ScoredRollout[] = [];
  let asked = prompts;
  let further = 0;
  for (let round = 0; ; round += 1) {
    onPhase?.('generate');
    const before = round === 0 ? 0 : prompts.length + further - asked.length;
    const sampled = (await sample(asked, round)).map((each) => ({ ...each, promptIndex: before + each.promptIndex }));
    onPhase?.('score');
    const { completions: scored, weights } = await scoreCompletions(request.score, sampled);
    completions = [...completions, ...scored];
    const batch = batchOf(completions, weights, config);
    const selection = batch.rollouts.length === 0 ? { rows: [] } : (algorithm.select?.(batch, config) ?? {});

    const missing = prompts.length - promptsOf(batch, selection).size;
    const next = missing > 0 && round < config.refillRounds ? await furtherPrompts(request, missing, round + 1) : [];
    if (next.length === 0) {
      const metrics = config.refillRounds === 0 ? {} : { 'refill/rounds': round, 'refill/prompts': further };
      return { completions, batch, selection, metrics };
    }
    further += next.length;
    asked = next;
  }
}

function batchOf(
  completions: readonly ScoredRollout[],
  weights: Readonly<Record<string, number>> | undefined,
  { stopTokenIds, missingStopPenalty }: ResolvedConfig,
): RolloutBatch {
  const rollouts = completions.filter(isScored);
  const scores = rollouts.map(({ score, tokens }) => penalizeMissingStop(score, tokens, stopTokenIds, missingStopPenalty));
  const penalties = rollouts.map(({ score }, row) => score - scores[row]!);
  const components = componentsOf(rollouts, weights);
  return { rollouts, scores, penalties, ...(components === undefined ? {} : { components }) };
}

/** The prompts that something in the step is of. */
function promptsOf({ rollouts }: RolloutBatch, { rows }: Selection): Set<number | undefined> {
  return new Set(rows === undefined ? rollouts.map(({ promptIndex }) => promptIndex) : rows.map((row) => rollouts[row]?.promptIndex));
}

async function furtherPrompts({ more }: UpdateRequest, count: number, round: number): Promise<readonly TokenIds[]> {
  if (more !== undefined) return (await more(count, round)).slice(0, count);
  throw new PpoError('PPO_NO_PROMPTS', `of ${count} prompts nothing can be learned, and there are no further ones`, {
    where: 'update',
    expected: 'a request with more, where refillRounds is not 0',
    remedy: 'pass more, or set refillRounds to 0',
  });
}
