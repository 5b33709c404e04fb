import type { Rng } from '@expctr/core';
import type { World } from '../world/world.js';
import { statement } from './lessons.js';
import { situationOf, type Situation } from './situation.js';
import type { CodedClaim } from './writers.js';

/** What a statement says of an item: the right answer to the question after it. */
export interface StatementAnswers {
  /** P(yes) after the claims. */
  of(claims: readonly CodedClaim[], situation: Situation): number;
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
