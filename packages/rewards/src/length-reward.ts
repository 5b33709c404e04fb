import { RewardError } from './errors.js';
import type { RewardFunction } from './reward-rows.js';

/** Options of {@link lengthReward}, all in tokens. */
export interface LengthRewardOptions {
  /** From here on an explanation is long enough; >= 1. */
  readonly minimum: number;
  /** Up to here it is short enough; >= `minimum`. */
  readonly maximum: number;
  /** From here on it earns nothing; > `maximum`. Default twice `maximum`. */
  readonly limit?: number;
}

/**
 * A trapezoid over the token count, in [0, 1]: 0 for no token, rising linearly to 1 at `minimum`, 1 up to `maximum`, falling
 * linearly to 0 at `limit`. An explanation of which nothing is left to read gets 0 whatever its length.
 *
 * @throws {RewardError} `REWARD_OPTION` unless 1 <= minimum <= maximum < limit
 */
export function lengthReward({ minimum, maximum, limit = 2 * maximum }: LengthRewardOptions): RewardFunction {
  if (!(minimum >= 1 && minimum <= maximum && maximum < limit && Number.isFinite(limit))) {
    throw new RewardError('REWARD_OPTION', `lengthReward: minimum ${minimum}, maximum ${maximum}, limit ${limit}`, {
      expected: '1 <= minimum <= maximum < limit',
    });
  }
  return (rows) =>
    Promise.resolve(
      Float64Array.from({ length: rows.length }, (_, row) => {
        if ((rows.read[row] ?? '').trim() === '') return 0;
        const tokens = rows.tokenCount[row] ?? 0;
        if (tokens < minimum) return tokens / minimum;
        return tokens <= maximum ? 1 : Math.max(0, (limit - tokens) / (limit - maximum));
      }),
    );
}
