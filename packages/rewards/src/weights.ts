import { atMost } from '@expctr/core';
import { z } from 'zod';
import { RewardError } from './errors.js';

/** A weight that changes in the course of a stage. */
export interface WeightSchedule {
  /** Weight of the first update; >= 0. */
  readonly from: number;
  /** Weight from update `updates` on (the first is 0); >= 0. */
  readonly to: number;
  /** Updates that lie between; >= 1. */
  readonly updates: number;
  /** `linear` (default): in equal steps. `step`: `from` until then, and `to` at once. */
  readonly shape?: 'linear' | 'step';
}

/** A constant, or a schedule. */
export type RewardWeight = number | WeightSchedule;

/** The weight at an update. @param update counted from 0 */
export function weightAt(weight: RewardWeight, update: number): number {
  if (typeof weight === 'number') return weight;
  const { from, to, updates, shape = 'linear' } = weight;
  if (update >= updates) return to;
  return shape === 'step' ? from : from + ((to - from) * update) / updates;
}

/** Whether it is above 0 at any update. */
export function everWeighs(weight: RewardWeight): boolean {
  return typeof weight === 'number' ? weight > 0 : weight.from > 0 || weight.to > 0;
}

/**
 * The first of `updates` updates at which no weight is above 0; null where there is none.
 *
 * Weights are never negative, so that their sum is 0 only where each is: a constant 0, the first update of a rise from 0, or the constant
 * parts of a schedule. Wherever that begins, a schedule ends, or it is the first update.
 */
export function weightlessUpdate(weights: readonly RewardWeight[], updates: number): number | null {
  const turns = [0, ...weights.flatMap((weight) => (typeof weight === 'number' ? [] : [weight.updates]))];
  const weightless = turns.filter((update) => update < updates && weights.every((weight) => weightAt(weight, update) === 0));
  return weightless.length === 0 ? null : Math.min(...weightless);
}

/** @throws {RewardError} `REWARD_OPTION` for a weight that is negative or not finite, or a schedule over no update */
export function checkWeight(name: string, weight: RewardWeight): void {
  const ends = typeof weight === 'number' ? [weight] : [weight.from, weight.to];
  const wrong = ends.find((end) => !(Number.isFinite(end) && end >= 0));
  if (wrong !== undefined) {
    throw new RewardError('REWARD_OPTION', `the weight of reward '${name}' is ${wrong}`, {
      expected: 'a finite number >= 0',
      remedy: 'turn the sign of the reward itself around, not that of its weight',
    });
  }
  if (typeof weight === 'number' || (Number.isInteger(weight.updates) && weight.updates >= 1)) return;
  throw new RewardError('REWARD_OPTION', `the weight of reward '${name}' changes over ${weight.updates} updates`, {
    expected: 'a whole number >= 1',
  });
}

const size = (): z.ZodNumber => z.number().min(0).max(1e6, atMost(1e6, 'rewards are of the order of 1'));

/** A weight as a configuration has it: `1`, or `{"from": 0, "to": 1, "updates": 50}`. */
export const weightOption = z.union(
  [
    size(),
    z.strictObject({
      from: size(),
      to: size(),
      updates: z.int().min(1).max(1_000_000, atMost(1_000_000, 'a stage has no more updates')),
      shape: z.enum(['linear', 'step']).default('linear'),
    }),
  ],
  { error: 'neither a number nor {"from": 1, "to": 0, "updates": 50} (and "shape": "linear" or "step")' },
);
