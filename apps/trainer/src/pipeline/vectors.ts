import type { DenseVectors } from '@expctr/ctr-models';
import type { Encoder } from '@expctr/encoder';
import type { ExplanationSet } from './explanation-set.js';
import { plainItemText } from './item-text.js';
import { warn, type Parts } from './parts.js';

/** z of each row: the encoding of its explanation as the encoder may see it. */
export function explanationVectors(parts: Parts, rows: ArrayLike<number>, set: ExplanationSet): Promise<DenseVectors> {
  return encodeRows(parts, rows, (row) => set.read(row), 'explanations');
}

/** Control `item-text-aug`: the raw text of the target item in the place of an explanation. */
export function itemTextVectors(parts: Parts, rows: ArrayLike<number>): Promise<DenseVectors> {
  return encodeRows(parts, rows, (row) => plainItemText(parts.prompts.item(row)), 'item texts');
}

/**
 * Control `prompt-text-aug`: what the prompt shows, without a language model. Three vectors side by side (liked, disliked, target),
 * so that neither truncation nor averaging weakens it. Lists are written newest first: where a text is too long for the encoder,
 * its oldest end is what gets cut.
 */
export async function promptTextVectors(parts: Parts, rows: ArrayLike<number>): Promise<DenseVectors> {
  const { prompts } = parts;
  const list = (items: Parameters<typeof plainItemText>[0][]): string => [...items].reverse().map(plainItemText).join('; ');
  const liked = await encodeRows(parts, rows, (row) => list([...prompts.history(row).liked]), 'liked lists');
  const disliked = await encodeRows(parts, rows, (row) => list([...prompts.history(row).disliked]), 'disliked lists');
  const target = await itemTextVectors(parts, rows);
  const dimension = target.dimension;
  const data = new Float32Array(rows.length * 3 * dimension);
  [liked, disliked, target].forEach((part, block) => {
    for (let r = 0; r < rows.length; r += 1) data.set(part.data.subarray(r * dimension, (r + 1) * dimension), (r * 3 + block) * dimension);
  });
  return { data, dimension: 3 * dimension, interactionIds: rows };
}

/** Control `shuffled-aug`: every row gets the vector of another row of its group (split), drawn by `rng`. */
export function shuffledVectors({ rng, interactions }: Parts, vectors: DenseVectors): DenseVectors {
  const { data, dimension, interactionIds } = vectors;
  const groups = new Map<number, number[]>();
  for (let r = 0; r < interactionIds.length; r += 1) {
    const split = interactions.split[interactionIds[r]!]!;
    groups.set(split, [...(groups.get(split) ?? []), r]);
  }
  const shuffled = new Float32Array(data.length);
  for (const [split, rows] of groups) {
    const from = rng.fork('shuffled-aug', split).shuffle([...rows]);
    rows.forEach((row, i) => shuffled.set(data.subarray(from[i]! * dimension, (from[i]! + 1) * dimension), row * dimension));
  }
  return { data: shuffled, dimension, interactionIds };
}

/** A single number a row as a vector of one component. */
export function scalarVectors(rows: ArrayLike<number>, values: ArrayLike<number>): DenseVectors {
  return { data: Float32Array.from(values), dimension: 1, interactionIds: rows };
}

async function encodeRows(parts: Parts, rows: ArrayLike<number>, textOf: (row: number) => string, what: string): Promise<DenseVectors> {
  const { encoder } = parts;
  const texts = Array.from(rows, textOf);
  const { data, truncated } = await encodeCounting(encoder, texts);
  if (truncated > 0)
    warn(
      parts,
      'ENCODER_TRUNCATED',
      `${truncated} of ${texts.length} ${what} were longer than the encoder reads (encoder.maxTokens) and were cut`,
    );
  return { data, dimension: encoder.dimension, interactionIds: rows };
}

async function encodeCounting(encoder: Encoder, texts: readonly string[]): Promise<{ data: Float32Array; truncated: number }> {
  let truncated = 0;
  const data = await encoder.encode(texts, { onTruncated: () => (truncated += 1) });
  return { data, truncated };
}
