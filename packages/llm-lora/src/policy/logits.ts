/** log of the sum of exp(logit * inverse temperature), [vocabulary] to one number. NaN where a logit is NaN or infinite upwards. */
export function normalizerOf(logits: Float32Array, inverseTemperature: number): number {
  const most = mostOf(logits);
  let sum = 0;
  for (let token = 0; token < logits.length; token += 1) sum += Math.exp((logits[token]! - most) * inverseTemperature);
  return most * inverseTemperature + Math.log(sum);
}

/** Probabilities of all tokens; -infinity becomes 0. */
export function softmax(logits: Float32Array, inverseTemperature: number): Float32Array {
  const most = mostOf(logits);
  const p = new Float32Array(logits.length);
  let sum = 0;
  for (let token = 0; token < logits.length; token += 1) {
    if (logits[token] !== -Infinity) sum += p[token] = Math.exp((logits[token]! - most) * inverseTemperature);
  }
  for (let token = 0; token < logits.length; token += 1) p[token] = p[token]! / sum;
  return p;
}

/** The logits of some tokens, and -infinity for all others. */
export function only(logits: Float32Array, tokens: ArrayLike<number>): Float32Array {
  const kept = new Float32Array(logits.length).fill(-Infinity);
  for (let at = 0; at < tokens.length; at += 1) kept[tokens[at]!] = logits[tokens[at]!]!;
  return kept;
}

function mostOf(logits: Float32Array): number {
  let most = -Infinity;
  for (let token = 0; token < logits.length; token += 1) if (logits[token]! > most) most = logits[token]!;
  return most;
}
