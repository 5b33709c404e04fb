/** A stage in which the policy is trained: with the LC reward, or with the IC reward. */
export type AlignmentStage = 'stage1' | 'stage3';

/** `stage1`, or `stage3-k` for the k-th repetition: names an alignment, its adapter and its checkpoints. */
export function alignmentName(stage: AlignmentStage, iteration: number): string {
  return stage === 'stage1' ? stage : `${stage}-${iteration}`;
}

/** Explanations of the final policy; also its adapter. */
export const FINAL = 'final';

/** Explanations of the base model, which was never trained. */
export const POST_HOC = 'post-hoc';

/** The same, decoded as rollouts are; only where the truth is known. */
export const POST_HOC_SAMPLED = 'post-hoc-sampled';

/** `stage2-k`: what the policy wrote for the CTR model of the k-th repetition. */
export function stage2Name(iteration: number): string {
  return `stage2-${iteration}`;
}

/** k of a {@link stage2Name}; null for any other name. */
export function stage2Iteration(name: string): number | null {
  const [, iteration] = /^stage2-(\d+)$/u.exec(name) ?? [];
  return iteration === undefined ? null : Number(iteration);
}

/** Explanations that an alignment sampled and rewarded. */
export function rolloutsName(alignment: string): string {
  return `${alignment}-rollouts`;
}

/** Column of explanations/1 that holds p_LC, the reader's probability from item and explanation. */
export const P_LC = 'p_lc';
