import { WorkerError } from '../errors.js';
import { requireInput } from '../plan/digests.js';
import { fromPlanPath, type PlacedPlan } from '../plan/plan.js';

/** Paths of a plan's inputs by role. */
export function planPaths({ folder, plan }: PlacedPlan): Record<string, string> {
  return Object.fromEntries(Object.entries(plan.inputs).map(([role, { path }]) => [role, fromPlanPath(folder, path)]));
}

/** @throws WorkerError `WORKER_INPUT`, `WORKER_INPUT_CHANGED` where an input is not here as the plan was made of it */
export async function requireInputs(placed: PlacedPlan): Promise<void> {
  const paths = planPaths(placed);
  for (const [role, { sha256 }] of Object.entries(placed.plan.inputs)) await requireInput(paths[role]!, role, sha256);
}

/** @throws WorkerError `WORKER_MODEL_CHANGED` where the model is not that of the plan */
export function requireModel({ plan }: PlacedPlan, digest: string, path: string): void {
  if (digest === plan.model.sha256) return;
  throw new WorkerError('WORKER_MODEL_CHANGED', 'the model is not the one that the plan was made with', {
    where: path,
    expected: `content with the checksum ${plan.model.sha256}`,
    remedy: 'bring the same files to this machine, or plan anew',
  });
}
