import type { Explanations } from '@expctr/data';
import { FINAL, POST_HOC, POST_HOC_SAMPLED, stage2Iteration } from '@expctr/run';

/** `base` is the base model as test rows are decoded, `baseSampled` as rollouts are; `stage3` is the final policy. */
export type Stage = 'base' | 'baseSampled' | 'stage1' | 'stage3';

/** The explanations that each policy of a run wrote, with the decoding of test rows unless it says otherwise. */
export interface Policies {
  /** As far as the run has them: names of explanations. */
  readonly stages: ReadonlyMap<Stage, string>;
  /** After each repetition k of stages 2 and 3, from 1 on. */
  readonly repetitions: readonly string[];
}

/**
 * Which explanations are whose: stage 2 of repetition k writes with the policy as stage 1 or repetition k - 1 left it, so `stage2-1` is stage
 * 1's and `stage2-(k + 1)` is repetition k's; the last repetition's is `final`. Without repetitions `final` is stage 1's, too.
 */
export function policiesOf(files: ReadonlyMap<string, Explanations>): Policies {
  const inTurn = [...files.keys()]
    .filter((name) => stage2Iteration(name) !== null)
    .sort((a, b) => stage2Iteration(a)! - stage2Iteration(b)!);
  const trained = files.has(FINAL) ? [...inTurn, FINAL] : inTurn;
  const stages: [Stage, string | undefined][] = [
    ['base', POST_HOC],
    ['baseSampled', POST_HOC_SAMPLED],
    ['stage1', trained[0]],
    ['stage3', FINAL],
  ];
  return {
    stages: new Map(stages.filter((stage): stage is [Stage, string] => stage[1] !== undefined && files.has(stage[1]))),
    repetitions: trained.slice(1),
  };
}
