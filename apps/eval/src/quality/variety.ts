import { denseGroups } from '@expctr/ctr-models';
import type { Interval } from '../figures/interval.js';
import type { Variety } from '../figures/texts.js';
import { jackknifeInterval } from '../statistics/jackknife.js';

const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/**
 * Variety of explanations as read, with jackknife intervals over users.
 * Source of distinct-n: Li et al. 2016, "A diversity-promoting objective function for neural conversation models".
 *
 * @param user [texts] user codes
 */
export function variety(texts: readonly string[], user: ArrayLike<number>): Variety {
  const users = denseGroups(user);
  const words = texts.map((text) => text.toLowerCase().match(WORD) ?? []);
  const pairs = words.map((list) => list.slice(1).map((word, at) => `${list[at] ?? ''} ${word}`));
  const distinct1 = distinctShare(words, users.codes, users.count);
  const distinct2 = distinctShare(pairs, users.codes, users.count);
  const duplicates = duplicateShare(texts, users.codes, users.count);
  return {
    distinct1: distinct1.value,
    distinct1Interval: distinct1.interval,
    distinct2: distinct2.value,
    distinct2Interval: distinct2.interval,
    duplicateShare: duplicates.value,
    duplicateShareInterval: duplicates.interval,
  };
}

interface Estimate {
  readonly value: number | null;
  readonly interval: Interval | null;
}

function distinctShare(lists: readonly (readonly string[])[], user: Int32Array, users: number): Estimate {
  /** The only user who says it, or -1. */
  const onlyUser = new Map<string, number>();
  const said = new Float64Array(users);
  lists.forEach((list, row) => {
    for (const item of list) onlyUser.set(item, (onlyUser.get(item) ?? user[row]!) === user[row]! ? user[row] : -1);
    said[user[row]!]! += list.length;
  });
  const own = new Float64Array(users);
  for (const code of onlyUser.values()) if (code >= 0) own[code]! += 1;
  const total = said.reduce((sum, count) => sum + count, 0);
  return estimate(
    onlyUser.size,
    total,
    own.map((count) => onlyUser.size - count),
    said.map((count) => total - count),
  );
}

function duplicateShare(texts: readonly string[], user: Int32Array, users: number): Estimate {
  const byText = new Map<string, Map<number, number>>();
  const rows = new Float64Array(users);
  texts.forEach((text, row) => {
    const own = byText.get(text) ?? new Map<number, number>();
    byText.set(text, own.set(user[row]!, (own.get(user[row]!) ?? 0) + 1));
    rows[user[row]!]! += 1;
  });
  const repeated = (count: number): number => (count > 1 ? count : 0);
  let duplicates = 0;
  const lost = new Float64Array(users);
  for (const own of byText.values()) {
    const count = [...own.values()].reduce((sum, times) => sum + times, 0);
    duplicates += repeated(count);
    for (const [code, times] of own) lost[code]! += repeated(count) - repeated(count - times);
  }
  return estimate(
    duplicates,
    texts.length,
    lost.map((count) => duplicates - count),
    rows.map((count) => texts.length - count),
  );
}

/** A ratio, and its interval from the ratios without each user. */
function estimate(above: number, below: number, aboveWithout: Float64Array, belowWithout: Float64Array): Estimate {
  if (below === 0) return { value: null, interval: null };
  const leftOut = aboveWithout.map((count, code) => count / belowWithout[code]!);
  return { value: above / below, interval: leftOut.every(Number.isFinite) ? jackknifeInterval(above / below, leftOut) : null };
}
