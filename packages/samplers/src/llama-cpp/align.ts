/** What llama.cpp says of a token that it sampled. */
export interface TokenProbability {
  readonly id: number;
  /** Nats. */
  readonly logProb: number;
}

/**
 * Log-probabilities of all tokens, NaN for those that llama.cpp leaves out: a token after which the text ends within a character
 * (`process_token` of tools/server/server-context.cpp adds the probabilities only of whole ones). A token whose place among equal
 * ones is not certain is NaN, too.
 * @returns undefined where the probabilities are of other tokens
 */
export function alignProbabilities(tokens: readonly number[], known: readonly TokenProbability[]): number[] | undefined {
  const first = places(tokens, known, false);
  const last = places(tokens, known, true);
  if (first === undefined || last === undefined) return undefined;
  const logProbs = new Array<number>(tokens.length).fill(NaN);
  known.forEach(({ logProb }, i) => {
    if (first[i] === last[i]) logProbs[first[i]!] = logProb;
  });
  return logProbs;
}

/** The first, or the last, places at which the known ones stand among the tokens in their order. */
function places(tokens: readonly number[], known: readonly TokenProbability[], fromBehind: boolean): number[] | undefined {
  const found = new Array<number>(known.length);
  let at = fromBehind ? tokens.length - 1 : 0;
  const step = fromBehind ? -1 : 1;
  for (let n = 0; n < known.length; n += 1) {
    const i = fromBehind ? known.length - 1 - n : n;
    while (at >= 0 && at < tokens.length && tokens[at] !== known[i]!.id) at += step;
    if (at < 0 || at >= tokens.length) return undefined;
    found[i] = at;
    at += step;
  }
  return found;
}
