import { RequestError } from '../errors.js';
import { encodeRow, type EncodedRow } from '../inputs/encode-row.js';
import type { Pair } from '../pairs/pair.js';
import { rawRows } from '../pairs/raw-rows.js';
import { EXPLANATION_VECTOR } from '../run/explanation-vector.js';
import { ITEM_IMAGE } from '../run/item-images.js';
import type { Served } from '../run/served.js';

/**
 * Pairs as the graph takes them.
 * @param vectors z of each pair; null = the mean, as if nothing were known of an explanation
 * @throws RequestError `SERVE_NO_DATA` where the model takes features that do not follow from user and item
 */
export function pairRows({ graph, data }: Served, pairs: readonly Pair[], vectors: readonly (Float32Array | null)[]): EncodedRow[] {
  const names = graph.inputs.map(({ name }) => name);
  const raw = rawRows(pairs, graph.schema, names);
  return raw.map((row, at) => {
    if (names.includes(EXPLANATION_VECTOR)) row[EXPLANATION_VECTOR] = vectors[at] ?? null;
    // of an item that the run did not know: the mean, as if nothing were known of its image
    if (names.includes(ITEM_IMAGE)) row[ITEM_IMAGE] = data?.images.get(pairs[at]!.target.id) ?? null;
    const missing = names.find((name) => !Object.hasOwn(row, name));
    if (missing === undefined) return encodeRow(graph.inputs, row, 'the pair');
    throw new RequestError('SERVE_NO_DATA', `the model takes '${missing}', which does not follow from user and item`, {
      expected: 'rows of features',
      remedy: 'give {"features": {…}} in the place of user and item',
    });
  });
}
