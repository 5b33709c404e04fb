import { cutItem, itemText, type Items, type Words } from '@expctr/data';
import { attributeEncoder } from '@expctr/encoder';
import { openEncoder, type Settings } from '@expctr/trainer';
import { createCache } from '../cache.js';
import { ServeError } from '../errors.js';
import { pairDataset } from '../pairs/pair-dataset.js';
import type { Pair } from '../pairs/pair.js';

/** What turns explanations into z. */
export interface ExplanationVectors {
  /** z of an explanation of a pair: what the encoder makes of its text, kept by content. */
  of(pair: Pair, read: string): Promise<Float32Array>;
  /** Frees the encoder. */
  dispose(): Promise<void>;
}

/**
 * Opens the encoder of a run.
 * @param dimension of z in the model
 * @throws ServeError `SERVE_ENCODER` where its vectors are not of that dimension
 */
export async function openVectors(
  settings: Settings,
  { items, words }: { readonly items: Items; readonly words: Words },
  { dimension, kept }: { readonly dimension: number; readonly kept: number },
): Promise<ExplanationVectors> {
  const { config } = settings;
  const encoder = await openEncoder(settings);
  const whole = attributeEncoder(encoder, config.encoder.byAttribute ? Object.keys(items.attributes) : []);
  if (whole.dimension !== dimension) {
    await encoder.dispose?.();
    throw new ServeError('SERVE_ENCODER', `the encoder makes vectors of ${whole.dimension} components, and the model takes ${dimension}`, {
      where: config.encoder.model,
      remedy: 'serve the run with the encoder that it was trained with',
    });
  }
  const cache = createCache<Float32Array>(kept);
  return {
    of(pair, read) {
      // what a prompt shows of the item, for the trainer encodes beside that
      const { attributes } = cutItem(shown(pair, words), config.prompt.maxTextLength).item;
      return cache.get(JSON.stringify([read, attributes]), () => whole.encode([{ text: read, attributes }]));
    },
    dispose: async () => encoder.dispose?.(),
  };
}

function shown(pair: Pair, { units }: Words): ReturnType<typeof itemText> {
  const { items, rows } = pairDataset([{ ...pair, history: [] }]);
  return itemText(items, rows[0]!, units);
}
