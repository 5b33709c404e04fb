import type { TrainablePolicy } from '@expctr/language-model/training';
import { PpoError } from './errors.js';
import type { Reference } from './learner.js';
import type { Ragged } from './ragged.js';

/** Rounding moves a log-probability by less than this; a trained adapter moves some by far more. */
const ROUNDING = 1e-3;

/**
 * Fixes the reference for all updates to come, at the first one.
 * @returns the adapter's name, null = base model
 * @throws PpoError PPO_REFERENCE for an adapter that is not there, or that is the one being trained
 */
export function fixReference(policy: TrainablePolicy, trained: string, reference: Reference): string | null {
  if (reference === 'base') return null;
  if (reference === 'copy') {
    const name = `${trained}-reference`;
    policy.adapters.copy(trained, name);
    return name;
  }
  requireReference(policy, trained, reference.adapter);
  return reference.adapter;
}

/** @throws PpoError PPO_REFERENCE unless the adapter exists and is not the trained one. */
export function requireReference(policy: TrainablePolicy, trained: string, adapter: string): void {
  if (adapter === trained) {
    throw new PpoError('PPO_REFERENCE', `${adapter} is the adapter being trained`, {
      where: 'reference',
      expected: 'a policy that stands still',
      remedy: "pass reference: 'copy'",
    });
  }
  if (policy.adapters.names().includes(adapter)) return;
  throw new PpoError('PPO_REFERENCE', `there is no adapter ${adapter}`, {
    where: 'reference',
    expected: `one of ${policy.adapters.names().join(', ')}`,
    remedy: 'load the reference adapter (it is saved beside the trained one) before importState',
  });
}

/**
 * On the first update the base model is the reference only if the adapter still changes nothing.
 * @throws PpoError PPO_REFERENCE where policy and base model differ by more than rounding
 */
export function requireZeroAdapter(logProbs: Ragged, baseLogProbs: Ragged): void {
  let largest = 0;
  logProbs.forEach((values, row) => values.forEach((value, t) => (largest = Math.max(largest, Math.abs(value - baseLogProbs[row]![t]!)))));
  if (largest <= ROUNDING) return;
  throw new PpoError(
    'PPO_REFERENCE',
    `before the first update a log-probability is already ${largest.toPrecision(3)} nats away from the base model`,
    {
      where: "reference: 'base'",
      expected: 'an adapter that begins at zero',
      remedy: "continue a trained adapter with reference: 'copy'",
    },
  );
}
