import { RequestError } from '../errors.js';
import { findText, noExplanation } from '../explain/find-text.js';
import { encodeRow, type EncodedRow } from '../inputs/encode-row.js';
import { own, place, typeOf, isJsonObject, type JsonObject } from '@expctr/app-kit/http';
import { listIn, objectWith, wrongType } from '../json.js';
import { readPair } from '../pairs/read-pair.js';
import { resolvePair } from '../pairs/resolve.js';
import type { Pair } from '../pairs/pair.js';
import type { ModelIdentity, Served, ServedData } from '../run/served.js';
import { pairRows } from './pair-rows.js';

/**
 * What a model that takes explanations is given of a pair: the explanation that the run wrote, where it wrote one; one from wherever it
 * can be had, else the request is refused; or none.
 */
export const USES = ['when-known', 'required', 'none'] as const;

/** What a prediction of a pair was made with. */
export type PredictedWith = 'stored' | 'generated' | 'nothing';

/** The answer to a request for predictions. */
export interface PredictAnswer {
  readonly model: ModelIdentity;
  /** Probability that the user chooses the item, of each row. */
  readonly probabilities: readonly number[];
  /** Of each row by what explanation it was predicted; null for rows of features. */
  readonly explanations: readonly (PredictedWith | null)[];
}

/** Predicts the rows of a request. @param most rows of one request */
export async function predict(served: Served, body: unknown, most: number): Promise<PredictAnswer> {
  const request = objectWith(body, '', ['rows', 'explanation']);
  const rows = listIn(request, 'rows', '');
  if (rows.length > most) {
    throw new RequestError('SERVE_ROWS', `there are ${rows.length} rows`, {
      where: 'rows',
      expected: `at most ${most}`,
      remedy: 'ask in parts',
    });
  }
  const use = readUse(request);
  const encoded = new Array<EncodedRow>(rows.length);
  const explanations = new Array<PredictedWith | null>(rows.length).fill(null);
  const pairs: { readonly at: number; readonly pair: Pair }[] = [];
  for (const [at, row] of rows.entries()) {
    const where = `rows[${at}]`;
    if (!isJsonObject(row)) throw wrongType(row, where, 'an object with features, or with user and item');
    if (Object.hasOwn(row, 'features')) {
      encoded[at] = encodeRow(served.graph.inputs, objectWith(row, where, ['features'])['features'], `${where}.features`);
    } else {
      const asked = objectWith(row, where, ['user', 'item']);
      pairs.push({ at, pair: resolvePair(pairSource(served, where), readPair(asked, where), where) });
    }
  }
  if (pairs.length > 0) {
    const vectors = await Promise.all(
      pairs.map(async ({ at, pair }) => {
        const found = await vectorFor(served.data!, pair, use, `rows[${at}]`);
        explanations[at] = found?.source ?? 'nothing';
        return found?.vector ?? null;
      }),
    );
    const made = pairRows(
      served,
      pairs.map(({ pair }) => pair),
      vectors,
    );
    pairs.forEach(({ at }, k) => (encoded[at] = made[k]!));
  }
  return { model: served.model, probabilities: await served.predict.submit(encoded), explanations };
}

function readUse(request: JsonObject): (typeof USES)[number] {
  const value = own(request, 'explanation') ?? 'when-known';
  if (typeof value === 'string' && (USES as readonly string[]).includes(value)) return value as (typeof USES)[number];
  throw new RequestError('SERVE_REQUEST', typeof value === 'string' ? 'there is no such use' : `it is ${typeOf(value)}`, {
    where: 'explanation',
    expected: `one of ${USES.join(', ')}`,
  });
}

/** The vector of a pair's explanation; null where the model takes none, or there is none. */
async function vectorFor(
  data: ServedData,
  pair: Pair,
  use: (typeof USES)[number],
  where: string,
): Promise<{ readonly source: 'stored' | 'generated'; readonly vector: Float32Array } | null> {
  if (data.vectors === null || use === 'none') return null;
  const found = await findText(data, pair, use === 'required' ? 'any' : 'stored');
  if (found === null) {
    if (use === 'required') throw noExplanation(data, where);
    return null;
  }
  return { source: found.explanation.source, vector: await data.vectors.of(pair, found.explanation.read) };
}

/** What pairs are looked up in. @throws RequestError `SERVE_NO_DATA` for a model by itself */
export function pairSource(
  { data }: Served,
  where: string,
): { directory: ServedData['directory']; explained: ServedData['stored']['explained'] } {
  if (data !== null) return { directory: data.directory, explained: (user, item) => data.stored.explained(user, item) };
  throw new RequestError('SERVE_NO_DATA', 'a model is served by itself: nothing is known of users and items', {
    ...(where === '' ? {} : { where: place(where, 'user') }),
    expected: 'rows of features: {"features": {…}}',
    remedy: 'give features, or serve the folder of a run',
  });
}
