import { z } from 'zod';
import type { Reward } from './reward.js';
import type { RewardRows } from './reward-rows.js';

/**
 * How well-formed an explanation is, in [0, 1]: the mean of three parts, each in [0, 1].
 *
 * - *finished*: 1 if generation ended at a stop token, 0 if it ran out of room;
 * - *readable*: the share of the generated characters (white space aside) that reader and encoder see, so that text after a
 *   delimiter, repeated questions and verdicts cost;
 * - *fresh*: the number of different word trigrams over their number, 1 for texts of fewer than three words, so that loops cost.
 *
 * An explanation of which nothing is left to read gets 0.
 */
export const formatReward = (rows: RewardRows): Promise<Float64Array> =>
  Promise.resolve(Float64Array.from({ length: rows.length }, (_, row) => wellFormedness(rows, row)));

/** The format reward as a part of a run. */
export const formatPart: Reward = {
  name: 'format',
  description: 'ends by itself, says nothing that reader and encoder do not see, and does not repeat itself',
  options: z.object({}),
  create: () => formatReward,
};

function wellFormedness(rows: RewardRows, row: number): number {
  const read = rows.read[row] ?? '';
  const readLength = inkLength(read);
  if (readLength === 0) return 0;
  const finished = rows.finishReason[row] === 'stop' ? 1 : 0;
  const readable = Math.min(1, readLength / Math.max(1, inkLength(rows.explanation[row] ?? '')));
  return (finished + readable + freshness(read)) / 3;
}

function inkLength(text: string): number {
  return text.replace(/\s+/gu, '').length;
}

function freshness(text: string): number {
  const words = text.toLowerCase().match(/[\p{L}\p{N}'’]+/gu) ?? [];
  if (words.length < 3) return 1;
  const trigrams = words.slice(2).map((word, at) => `${words[at] ?? ''} ${words[at + 1] ?? ''} ${word}`);
  return new Set(trigrams).size / trigrams.length;
}
