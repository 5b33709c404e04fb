import { atMost, checkOptions, type OptionKeys } from '@expctr/core';
import { z } from 'zod';
import { RewardError } from './errors.js';
import type { Reward } from './reward.js';
import type { RewardRows } from './reward-rows.js';

/** Options of {@link lengthReward}, all in tokens. */
export interface LengthRewardOptions {
  /** From here on an explanation is long enough; >= 1. */
  readonly minimum: number;
  /** Up to here it is short enough; >= `minimum`. */
  readonly maximum: number;
  /** From here on it earns nothing; > `maximum`. Default twice `maximum`. */
  readonly limit?: number;
}

const LENGTH_REWARD_OPTIONS: OptionKeys<LengthRewardOptions> = { minimum: true, maximum: true, limit: true };

/**
 * A trapezoid over the token count, in [0, 1]: 0 for no token, rising linearly to 1 at `minimum`, 1 up to `maximum`, falling
 * linearly to 0 at `limit`. An explanation of which nothing is left to read gets 0 whatever its length.
 *
 * @throws {RewardError} `REWARD_OPTION` unless 1 <= minimum <= maximum < limit
 */
export function lengthReward(parameters: LengthRewardOptions): (rows: RewardRows) => Promise<Float64Array> {
  checkOptions('lengthReward', parameters, LENGTH_REWARD_OPTIONS);
  const { minimum, maximum, limit = 2 * maximum } = parameters;
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

const tokens = z.int().min(1).max(1_048_576, atMost(1_048_576, 'no model has a longer context')).nullable().default(null);
const options = z.object({
  minimum: tokens.describe('tokens from which on an explanation is long enough; null = a quarter of the most that it may have'),
  maximum: tokens.describe('tokens up to which it is short enough; null = the most that it may have'),
  limit: tokens.describe('tokens from which on it earns nothing; null = twice the maximum'),
});

/** The length reward as a part of a run. */
export const lengthPart: Reward<z.output<typeof options>> = {
  name: 'length',
  description: 'neither too short nor too long, in tokens',
  options,
  create: ({ maxNewTokens }, { minimum, maximum, limit }) =>
    lengthReward({
      minimum: minimum ?? Math.ceil(maxNewTokens / 4),
      maximum: maximum ?? maxNewTokens,
      ...(limit === null ? {} : { limit }),
    }),
};
