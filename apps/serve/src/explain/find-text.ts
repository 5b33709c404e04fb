import { sha256 } from '@expctr/core';
import { RequestError } from '../errors.js';
import type { ItemContent, Pair } from '../pairs/pair.js';
import type { ServedData } from '../run/served.js';
import type { Explanation } from './stored.js';

/** Where an explanation may come from: from the run, from the language model, or from whichever has one, the run first. */
export const SOURCES = ['any', 'stored', 'generated'] as const;

/** One of {@link SOURCES}. */
export type Source = (typeof SOURCES)[number];

/** An explanation, and whether it was written before. */
export interface FoundText {
  readonly explanation: Explanation;
  /** Whether it was written for an earlier request that showed the same. */
  readonly cached: boolean;
}

/**
 * The explanation of a pair.
 * @param onText told of what the language model has written so far
 * @returns null where the run has none and the language model was not asked for
 */
export async function findText(
  { stored, generator, texts }: ServedData,
  pair: Pair,
  source: Source,
  onText: (text: string) => void = () => undefined,
): Promise<FoundText | null> {
  if (source !== 'generated' && pair.interaction !== null) return { explanation: stored.of(pair.interaction), cached: false };
  if (source === 'stored' || generator === null) return null;
  const key = contentKey(pair);
  const cached = texts.has(key);
  const explanation = await texts.get(key, async (): Promise<Explanation> => {
    const { text, read } = await generator.explain(pair, onText);
    return { text, read, source: 'generated', readerProbability: null };
  });
  return { explanation, cached };
}

/** What to answer where there is no explanation. */
export function noExplanation({ generator }: ServedData, where: string): RequestError {
  return new RequestError('SERVE_NO_EXPLANATION', 'the run has no explanation of this user and this item', {
    ...(where === '' ? {} : { where }),
    expected: 'a pair that GET /v1/items?user=… marks as explained',
    remedy:
      generator === null
        ? 'start the server with --generate, and its language model writes one; /v1/predict predicts without'
        : 'leave out "source", and the language model writes one',
  });
}

/** Names what a prompt shows: two pairs that show the same are explained alike. */
function contentKey({ target, history }: Pair): string {
  const shown = ({ title, attributes, year, numbers }: ItemContent): unknown => [
    title,
    attributes,
    String(year),
    Object.entries(numbers).map(String),
  ];
  return sha256(JSON.stringify([shown(target), history.map(({ item, liked }) => [shown(item), liked])]));
}
