import type { Rng } from '@expctr/core';
import type { World } from '../world/world.js';
import { situationOf, type Situation } from './situation.js';
import { careful, type CodedClaim } from './writers.js';

/** What a statement says of an item: the right answer to the question after it. */
export interface StatementAnswers {
  /** P(yes) after the claims. */
  of(claims: readonly CodedClaim[], situation: Situation): number;
}

/**
 * What a reader is given to read: true reasons, whole or in part, and distractors, that is tastes of the user that the item does not
 * touch, so that a reader has to look at the item. Readers learn from honest statements only, and so believe what they read.
 */
export function statement(situation: Situation, rng: Rng): CodedClaim[] {
  const draw = rng.next();
  const reasons = careful(situation, rng);
  if (draw < 0.4) return reasons;
  if (draw < 0.5) return rng.shuffle(reasons).filter(() => rng.next() < 0.7);
  const absent = rng.shuffle(situation.tastes.filter(([value]) => !situation.values.includes(value)));
  if (draw < 0.75) return absent.slice(0, 1 + rng.int(3));
  return rng.shuffle([...reasons.slice(0, 2), ...absent.slice(0, 1 + rng.int(2))]);
}

/** Situations of a user that are counted. */
const PER_USER = 6;

/**
 * The mean Bayes-optimal probability of all statements that name as many attributes of the item for it, and as many against it;
 * attributes that the item lacks say nothing. So the answer carries what the statement says and not what it leaves out: the same
 * expectation as the label's, with so little noise that a small model sees that the item matters.
 */
export function statementAnswers(world: World, rng: Rng): StatementAnswers {
  const cells = new Map<string, { sum: number; count: number }>();
  for (let at = 0; at < world.options.users; at += 1) {
    const user = world.user(at);
    for (let k = 0; k < PER_USER; k += 1) {
      const situation = situationOf(world, user, rng.int(user.rows.length));
      const key = cellOf(statement(situation, rng), situation);
      const { sum, count } = cells.get(key) ?? { sum: 0, count: 0 };
      cells.set(key, { sum: sum + situation.bayesProbability, count: count + 1 });
    }
  }
  return {
    of(claims, situation) {
      const cell = cells.get(cellOf(claims, situation));
      return cell === undefined ? situation.bayesProbability : cell.sum / cell.count;
    },
  };
}

function cellOf(claims: readonly CodedClaim[], { values }: Situation): string {
  const present = claims.filter(([value]) => values.includes(value));
  const inFavor = present.filter(([, sign]) => sign > 0).length;
  return `${inFavor} ${present.length - inFavor}`;
}
