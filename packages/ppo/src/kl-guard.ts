import { PpoError } from './errors.js';
import { countTokens } from './ragged.js';
import type { Rollout } from './rollout.js';

/** Whether the policy has gone astray: mean KL to the reference in nats a token beyond a limit. */
export interface KlGuard {
  /** Is the KL of these figures (`objective/kl`, nats a completion) beyond the limit? False where there is no KL. */
  exceeds(metrics: Readonly<Record<string, number>>): boolean;
  /** @throws PpoError PPO_KL where it is. Nothing has been learned of the update then. */
  require(metrics: Readonly<Record<string, number>>): void;
}

/** The guard of an update. @param limit nats a token; null = none */
export function klGuard(limit: number | null, rollouts: readonly Rollout[], step: number): KlGuard {
  const tokens = countTokens(rollouts.map((rollout) => rollout.tokens));
  const perToken = ({ 'objective/kl': kl }: Readonly<Record<string, number>>): number => ((kl ?? 0) * rollouts.length) / tokens;
  const exceeds: KlGuard['exceeds'] = (metrics) => limit !== null && perToken(metrics) > limit;
  return {
    exceeds,
    require(metrics) {
      if (!exceeds(metrics)) return;
      throw new PpoError('PPO_KL', `step ${step}: the policy is ${perToken(metrics).toPrecision(3)} nats a token away from its reference`, {
        where: 'klLimit',
        expected: `at most ${limit}`,
        remedy: 'go back to an earlier checkpoint with a smaller learning rate or a heavier KL penalty, or raise klLimit',
      });
    },
  };
}
