import type { InteractionVectors } from '@expctr/ctr-models';
import { countedExplanation } from '@expctr/data';
import { explanationEncoder } from './explanation-encoder.js';
import type { ExplanationSet } from './explanation-set.js';
import { plainItemText } from './item-text.js';
import { warn, type Pipeline } from './pipeline.js';

/** z of each row: the encoding of its explanation as the encoder may see it. */
export function explanationVectors(pipeline: Pipeline, rows: ArrayLike<number>, set: ExplanationSet): Promise<InteractionVectors> {
  return encodeExplanations(pipeline, rows, (row) => set.read(row), 'explanations');
}

/** Control `item-text-aug`: the raw text of the target item in the place of an explanation. */
export function itemTextVectors(pipeline: Pipeline, rows: ArrayLike<number>): Promise<InteractionVectors> {
  return encodeRows(pipeline, rows, (row) => plainItemText(pipeline.data.prompts.item(row)), 'item texts');
}

/**
 * Control `prompt-text-aug`: what the prompt shows, without a language model. Three vectors side by side (liked, disliked, target),
 * so that neither truncation nor averaging weakens it. Lists are written newest first: where a text is too long for the encoder,
 * its oldest end is what gets cut.
 */
export async function promptTextVectors(pipeline: Pipeline, rows: ArrayLike<number>): Promise<InteractionVectors> {
  const { prompts } = pipeline.data;
  const list = (items: Parameters<typeof plainItemText>[0][]): string => [...items].reverse().map(plainItemText).join('; ');
  const liked = await encodeRows(pipeline, rows, (row) => list([...prompts.history(row).liked]), 'liked lists');
  const disliked = await encodeRows(pipeline, rows, (row) => list([...prompts.history(row).disliked]), 'disliked lists');
  const target = await itemTextVectors(pipeline, rows);
  const dimension = target.dimension;
  const data = new Float32Array(rows.length * 3 * dimension);
  [liked, disliked, target].forEach((part, block) => {
    for (let r = 0; r < rows.length; r += 1) data.set(part.data.subarray(r * dimension, (r + 1) * dimension), (r * 3 + block) * dimension);
  });
  return { data, dimension: 3 * dimension, interactionIds: rows };
}

/** Control `shuffled-aug`: every row gets the vector of another row of its group (split), drawn by `rng`. */
export function shuffledVectors({ run: { rng }, data: { interactions } }: Pipeline, vectors: InteractionVectors): InteractionVectors {
  const { data, dimension, interactionIds } = vectors;
  const groups = new Map<number, number[]>();
  for (let r = 0; r < interactionIds.length; r += 1) {
    const split = interactions.split[interactionIds[r]!]!;
    const group = groups.get(split);
    if (group === undefined) groups.set(split, [r]);
    else group.push(r);
  }
  const shuffled = new Float32Array(data.length);
  for (const [split, rows] of groups) {
    const from = rng.fork('shuffled-aug', split).shuffle([...rows]);
    rows.forEach((row, i) => shuffled.set(data.subarray(from[i]! * dimension, (from[i]! + 1) * dimension), row * dimension));
  }
  return { data: shuffled, dimension, interactionIds };
}

/** Control `template-aug`: what the history counts for and against the target, said by a template in place of a language model. */
export function countedVectors(pipeline: Pipeline, rows: ArrayLike<number>): Promise<InteractionVectors> {
  const { prompts } = pipeline.data;
  const { explanation } = pipeline.models.templates;
  const textOf = (row: number): string => countedExplanation(explanation, prompts.history(row), prompts.item(row));
  return encodeExplanations(pipeline, rows, textOf, 'counted sentences');
}

/** Farthest from certainty that a probability is taken for: float32 has probabilities of 0 and 1, whose log-odds are infinite. */
const LEAST = 1e-6;

/** A probability a row as a vector of one component: its log-odds, which is what a linear model adds up. */
export function logOddsVectors(rows: ArrayLike<number>, probabilityOf: (row: number) => number): Promise<InteractionVectors> {
  const data = Float32Array.from(rows, (row) => {
    const p = Math.min(1 - LEAST, Math.max(LEAST, probabilityOf(row)));
    return Math.log(p / (1 - p));
  });
  return Promise.resolve({ data, dimension: 1, interactionIds: rows });
}

/** Encodes an explanation for each row, in the way in which the CTR model of stage 2 is given them. */
async function encodeExplanations(
  pipeline: Pipeline,
  rows: ArrayLike<number>,
  textOf: (row: number) => string,
  what: string,
): Promise<InteractionVectors> {
  const { prompts } = pipeline.data;
  const encoder = explanationEncoder(pipeline, pipeline.models.vectors);
  const texts = Array.from(rows, (row) => ({ text: textOf(row), attributes: prompts.item(row).attributes }));
  const data = await countingCuts(pipeline, texts.length, what, (onTruncated) => encoder.encode(texts, { onTruncated }));
  return { data, dimension: encoder.dimension, interactionIds: rows };
}

/** Encodes a text for each row. What was encoded before, in this process or before a resume, comes from the run's cache. */
async function encodeRows(
  pipeline: Pipeline,
  rows: ArrayLike<number>,
  textOf: (row: number) => string,
  what: string,
): Promise<InteractionVectors> {
  const { vectors: encoder } = pipeline.models;
  const texts = Array.from(rows, textOf);
  const data = await countingCuts(pipeline, texts.length, what, (onTruncated) => encoder.encode(texts, { onTruncated }));
  return { data, dimension: encoder.dimension, interactionIds: rows };
}

/** Warns of texts that were cut. */
async function countingCuts(
  { run }: Pipeline,
  texts: number,
  what: string,
  encode: (onTruncated: () => void) => Promise<Float32Array>,
): Promise<Float32Array> {
  let truncated = 0;
  const data = await encode(() => (truncated += 1));
  if (truncated > 0) {
    warn(run, 'ENCODER_TRUNCATED', `${truncated} of ${texts} ${what} were longer than the encoder reads (encoder.maxTokens) and were cut`);
  }
  return data;
}
