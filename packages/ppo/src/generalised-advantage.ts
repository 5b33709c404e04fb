/** Discounts of generalised advantage estimation. */
export interface AdvantageOptions {
  /** gamma in [0, 1]: the weight of the next token's value. */
  readonly discount: number;
  /** lambda in [0, 1]: 0 = one-step temporal difference, 1 = Monte Carlo return minus value. */
  readonly lambda: number;
}

/** What {@link generalisedAdvantage} gives for one completion. */
export interface Advantages {
  /** Not whitened. */
  readonly advantages: Float32Array;
  /** The value function's regression target: raw advantage + value. */
  readonly returns: Float32Array;
}

/**
 * Generalised advantage estimation (Schulman et al. 2016, equation 16) over the response tokens of one completion:
 * `delta[t] = reward[t] + discount * value[t + 1] - value[t]`, `advantage[t] = delta[t] + discount * lambda * advantage[t + 1]`.
 *
 * Past the last response token both the value and the advantage are 0, also where the completion was cut at its length
 * limit: the score on the last token is all that there is.
 * @param rewards one per response token
 * @param values the value head's estimate before each response token
 */
export function generalisedAdvantage(rewards: Float32Array, values: Float32Array, { discount, lambda }: AdvantageOptions): Advantages {
  const advantages = new Float32Array(rewards.length);
  const returns = new Float32Array(rewards.length);
  let nextAdvantage = 0;
  let nextValue = 0;
  for (let t = rewards.length - 1; t >= 0; t -= 1) {
    const value = values[t]!;
    const delta = rewards[t]! + discount * nextValue - value;
    nextAdvantage = delta + discount * lambda * nextAdvantage;
    nextValue = value;
    advantages[t] = nextAdvantage;
    returns[t] = nextAdvantage + value;
  }
  return { advantages, returns };
}
