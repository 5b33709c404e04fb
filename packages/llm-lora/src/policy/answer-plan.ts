import type { TokenIds } from '@expctr/language-model';
import { bucketRows } from '@expctr/tfjs-backend-onnx';
import { bucketTime, roundUp } from './buckets.js';
import { packedLength, packTexts, type PackedArrays } from './packing.js';
import { keyOf } from './token-ids.js';

/** One token of one answer, and where its log-probability is read. */
interface Readout {
  /** Continuation of the sequence. */
  readonly continuation: number;
  /** Place within the continuation. */
  readonly offset: number;
  readonly token: number;
}

interface Reading {
  readonly shared: TokenIds;
  readonly continuations: readonly TokenIds[];
  /** Readouts of each distinct answer of this prompt. */
  readonly answers: Map<string, Readout[]>;
  /** Who asked: row, its answer index, and the answer's key. */
  readonly askers: { readonly row: number; readonly answer: number; readonly key: string }[];
}

/** Some prompts with their answers, packed for one run. */
export interface AnswerPart {
  readonly batch: number;
  readonly time: number;
  /** Padded number of readouts. */
  readonly count: number;
  readonly packed: PackedArrays;
  /** [count] int32 */
  readonly places: Int32Array;
  /** [count] int32 */
  readonly targets: Int32Array;
  /** For each asked answer its row, its index there, and its readouts from `first` (inclusive) to `last` (exclusive). */
  readonly asked: readonly { readonly row: number; readonly answer: number; readonly first: number; readonly last: number }[];
}

/**
 * Plans the reading of answers. Equal prompts are read once. The prompt without its last token is shared by the answers; the
 * last token and the answer without its own are fed as a continuation, and where one answer's fed tokens begin another's, they
 * are fed once: single-token answers need the last prompt token alone.
 *
 * @param known length of a prefix, common to all prompts, whose keys and values are there already
 */
export function planAnswers(
  prompts: readonly TokenIds[],
  answers: readonly (readonly TokenIds[])[],
  known: number,
  limit: number,
): AnswerPart[] {
  const readings = [...distinctReadings(prompts, answers, known).values()];
  const lengthOf = new Map(readings.map((reading) => [reading, packedLength(reading)]));
  readings.sort((a, b) => lengthOf.get(b)! - lengthOf.get(a)!);
  const parts: AnswerPart[] = [];
  let first = 0;
  while (first < readings.length) {
    const time = bucketTime(lengthOf.get(readings[first]!)!);
    const taken = readings.slice(first, first + Math.max(1, Math.floor(limit / time)));
    parts.push(packReadings(taken, time, known));
    first += taken.length;
  }
  return parts;
}

function distinctReadings(prompts: readonly TokenIds[], answers: readonly (readonly TokenIds[])[], known: number): Map<string, Reading> {
  const readings = new Map<string, Reading>();
  prompts.forEach((prompt, row) => {
    const options = answers[row]!;
    const key = `${keyOf(prompt)}|${options.map(keyOf).join('|')}`;
    const reading = readings.get(key) ?? readingOf(Array.from(prompt), options, known);
    readings.set(key, reading);
    options.forEach((answer, index) => reading.askers.push({ row, answer: index, key: keyOf(answer) }));
  });
  return readings;
}

function readingOf(prompt: readonly number[], answers: readonly TokenIds[], known: number): Reading {
  const last = prompt.length - 1;
  const fed = answers.map((answer) => [prompt[last]!, ...Array.from(answer).slice(0, -1)]);
  const longestFirst = fed.map((_, index) => index).sort((a, b) => fed[b]!.length - fed[a]!.length);
  const continuations: number[][] = [];
  const byAnswer = new Map<string, Readout[]>();
  for (const index of longestFirst) {
    const own = fed[index]!;
    let continuation = continuations.findIndex((other) => own.every((token, at) => other[at] === token));
    if (continuation < 0) continuation = continuations.push(own) - 1;
    const tokens = Array.from(answers[index]!);
    byAnswer.set(
      keyOf(tokens),
      tokens.map((token, offset) => ({ continuation, offset, token })),
    );
  }
  return { shared: prompt.slice(known, last), continuations, answers: byAnswer, askers: [] };
}

function packReadings(readings: readonly Reading[], time: number, known: number): AnswerPart {
  const batch = bucketRows(readings.length);
  const packed = packTexts(readings, batch, time, known);
  const places: number[] = [];
  const targets: number[] = [];
  const asked = readings.flatMap(({ answers, askers }, index) => {
    const ranges = new Map<string, { first: number; last: number }>();
    for (const [key, readouts] of answers) {
      const first = places.length;
      for (const { continuation, offset, token } of readouts) {
        places.push(packed.starts[index]![continuation]! + offset);
        targets.push(token);
      }
      ranges.set(key, { first, last: places.length });
    }
    return askers.map(({ row, answer, key }) => ({ row, answer, ...ranges.get(key)! }));
  });
  const count = roundUp(places.length, 16);
  const padded = (values: readonly number[]): Int32Array => {
    const array = new Int32Array(count);
    array.set(values);
    return array;
  };
  return { batch, time, count, packed, places: padded(places), targets: padded(targets), asked };
}
