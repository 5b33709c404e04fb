import type { Call, Engine, Piece, PieceRequest } from './engine.js';
import { SamplerError } from './errors.js';

/** Greedy tokens that are compared: enough for a difference to show, few enough to cost nothing. */
const PROBE_TOKENS = 8;
/** Log-probabilities that differ by less are the same. */
const SAME = 1e-6;

/**
 * Sees that a server answers with the adapter: a greedy continuation under the version's name must not be exactly that of the base
 * model. The base is asked twice first, so that a cached prefix is cached for both of what is compared.
 * @throws SamplerError `SAMPLER_BASE_ANSWERS`
 */
export async function verifyAdapter(engine: Engine, call: Call, prompt: readonly number[], version: string): Promise<void> {
  const ask = (name: string | null): Promise<Piece> => engine.complete(call, probe(prompt, name));
  await ask(null);
  const base = await ask(null);
  const adapted = await ask(version);
  const same =
    base.tokens.length === adapted.tokens.length &&
    base.tokens.every((token, i) => token === adapted.tokens[i]) &&
    base.logProbs.every((value, i) => !(Math.abs(value - adapted.logProbs[i]!) > SAME));
  if (!same) return;
  throw new SamplerError('SAMPLER_BASE_ANSWERS', `the server answers for the adapter ${version} exactly as the base model does`, {
    where: call.url,
    expected: "other log-probabilities, for the adapter's are not zero",
    remedy:
      'see that the server runs with adapters switched on, and that nothing between it and here takes the name out of requests; where an adapter of this size truly changes nothing, set verify to false',
  });
}

function probe(prompt: readonly number[], version: string | null): PieceRequest {
  return { prompt, maxNewTokens: PROBE_TOKENS, temperature: 0, topK: null, topP: 1, minP: 0, stopTokenIds: [], seed: 0, version };
}
