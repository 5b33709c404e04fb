/** How the coefficient of the KL penalty follows the KL. */
export interface KlControl {
  /** Wanted KL in nats per completion; null keeps the coefficient fixed. */
  readonly klTarget: number | null;
  /** Completions after which an error of 1 has multiplied the coefficient by about e. */
  readonly klHorizon: number;
}

/** The proportional error is clipped to +-this (Ziegler et al. 2019, section 2.2). */
const ERROR_LIMIT = 0.2;

/**
 * The next KL coefficient (Ziegler et al. 2019, section 2.2): `coefficient * (1 + error * completions / horizon)` with
 * `error = clip(kl / target - 1, -0.2, 0.2)`.
 * @param kl observed mean KL in nats per completion, `objective/kl`
 * @param completions how many completions the observation rests on
 */
export function nextKlCoefficient(coefficient: number, kl: number, completions: number, { klTarget, klHorizon }: KlControl): number {
  if (klTarget === null) return coefficient;
  const error = Math.min(Math.max(kl / klTarget - 1, -ERROR_LIMIT), ERROR_LIMIT);
  return coefficient * (1 + (error * completions) / klHorizon);
}
