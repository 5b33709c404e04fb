// What the model writes, and how good it is.
import type { Rng } from '@expctr/core';
import { readableText } from '@expctr/data';
import { parseClaims, testbedExplanationTemplate } from '@expctr/testbed';
import { EOS_ID, explanationPrompt, reasonDegrees, VOCABULARY, type CodedClaim, type Situation } from '@expctr/testbed/pretraining';
import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import type { BatchShape, Forward, Trained } from './model.js';
import { aligned } from './packing.js';

/** The true reasons in codes. */
export function trueClaims({ values, contributions }: Situation): CodedClaim[] {
  const degrees = reasonDegrees(contributions);
  return values.flatMap((value, at): CodedClaim[] => (degrees[at] === 0 ? [] : [[value, degrees[at]!]]));
}

/** The model, compiled for batches of one shape, with its weights. */
export interface Model extends BatchShape {
  readonly forward: Forward;
  readonly trained: Trained<HostTensor>;
}

/** Completions, token by token without a cache: slow, and the very function that is trained. Sampled at temperature 1, or greedy at 0. */
export async function write(model: Model, situations: readonly Situation[], temperature: 0 | 1, rng: Rng): Promise<string[]> {
  const { forward, trained, rows, time } = model;
  const width = VOCABULARY.length;
  const texts: string[] = [];
  for (let begin = 0; begin < situations.length; begin += rows) {
    const sequences = situations.slice(begin, begin + rows).map(explanationPrompt);
    const starts = sequences.map(({ length }) => length);
    const done = sequences.map(() => false);
    while (done.some((one, at) => !one && sequences[at]!.length < time)) {
      const out = await forward(trained, aligned(sequences, model));
      sequences.forEach((sequence, at) => {
        if (done[at] === true || sequence.length >= time) return;
        const from = (at * time + sequence.length - 1) * width;
        const id = choose(out.subarray(from, from + width), temperature, rng);
        if (id === EOS_ID) done[at] = true;
        else sequence.push(id);
      });
    }
    const wordsOf = (sequence: readonly number[], at: number): string[] => sequence.slice(starts[at]).map((id) => VOCABULARY[id]!);
    texts.push(...sequences.map((sequence, at) => wordsOf(sequence, at).join(' ')));
  }
  return texts;
}

function choose(logProbs: Float32Array, temperature: 0 | 1, rng: Rng): number {
  if (temperature === 0) return argmax(logProbs);
  let left = rng.next();
  for (let id = 0; id < logProbs.length; id += 1) if ((left -= Math.exp(logProbs[id]!)) < 0) return id;
  return argmax(logProbs);
}

/** Place of the largest. */
export const argmax = (values: Float32Array): number => values.reduce((best, value, at) => (value > values[best]! ? at : best), 0);

/** How good texts are. */
export interface Quality {
  /** Of claims, by the user's true reasons, pooled over all texts. */
  readonly f1: number;
  readonly precision: number;
  readonly recall: number;
  /** Share of claims about attributes that the item lacks. */
  readonly invented: number;
  /** Claims a text. */
  readonly claims: number;
  /** Share of texts with a sentence that is none. */
  readonly malformed: number;
  /** Share of right claims whose degree is right, too. */
  readonly degreesRight: number;
}

/** Quality of one text for each situation. */
export function qualityOf(texts: readonly string[], situations: readonly Situation[]): Quality {
  let [hits, claimed, reasons, absent, malformed, degrees] = [0, 0, 0, 0, 0, 0];
  texts.forEach((text, at) => {
    const situation = situations[at]!;
    const { claims, malformed: bad } = parseClaims(readableText(text, [testbedExplanationTemplate]));
    const truth = new Map(trueClaims(situation).map(([value, degree]) => [situation.names[value]!, degree]));
    const own = new Map(claims.map(({ value, sign, strength }) => [value, sign * strength]));
    const right = [...own].filter(([value, degree]) => (truth.get(value) ?? 0) * degree > 0);
    hits += right.length;
    degrees += right.filter(([value, degree]) => truth.get(value) === degree).length;
    absent += [...own].filter(([value]) => !situation.values.some((code) => situation.names[code] === value)).length;
    claimed += own.size;
    reasons += truth.size;
    malformed += bad > 0 ? 1 : 0;
  });
  return {
    f1: (2 * hits) / (claimed + reasons),
    precision: hits / Math.max(1, claimed),
    recall: hits / reasons,
    invented: absent / Math.max(1, claimed),
    claims: claimed / texts.length,
    malformed: malformed / texts.length,
    degreesRight: degrees / Math.max(1, hits),
  };
}
