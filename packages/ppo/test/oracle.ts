import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import type { RowPair } from '@expctr/language-model/training';
import type { Algorithm, ScoredBatch, StepInputs } from '../src/index.js';

/** One row for each completion, as long as its response. */
export type Rows = number[][];

/** A fixture of a script in `tools/oracles`. */
export function readFixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8')) as T;
}

export const ragged = (rows: Rows): Float32Array[] => rows.map((row) => Float32Array.from(row));

/** [rows, width] with `garbage` on padding. */
export function padded(rows: readonly ArrayLike<number>[], width: number, garbage = 0): tf.Tensor2D {
  return tf.tensor2d(rows.map((row) => [...Array.from(row), ...new Array<number>(width - row.length).fill(garbage)]));
}

/** 1 on response tokens, 0 on padding. */
export function maskOf(rows: readonly { readonly length: number }[], width: number): tf.Tensor2D {
  return padded(
    rows.map(({ length }) => new Array<number>(length).fill(1)),
    width,
  );
}

/** Equal within 1e-5 of the larger of 1 and the expected value. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what?: string): void {
  expect(actual.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i += 1) {
    expect(Math.abs(actual[i]! - expected[i]!), what).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(expected[i]!)));
  }
}

export function expectRows(actual: readonly ArrayLike<number>[], expected: Rows): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((row, i) => expectClose(actual[i]!, row));
}

/** A gradient [rows, width] is that of the response tokens, and 0 on padding. */
export function expectGradient(actual: tf.Tensor, expected: Rows): void {
  const rows = actual.arraySync() as Rows;
  expectRows(
    rows.map((row, i) => row.slice(0, expected[i]!.length)),
    expected,
  );
  expect(rows.flatMap((row, i) => row.slice(expected[i]!.length)).every((value) => value === 0)).toBe(true);
}

/** What trl's trainers of groups are given, rows prompt-major with `generations` completions of each prompt. */
export interface GroupCase {
  readonly generations: number;
  /** Null = not scored. */
  readonly scores: readonly (number | null)[];
  readonly logProbs: Rows;
  readonly referenceLogProbs: Rows | null;
}

/** The scored rows as an algorithm gets them, and their places among all rows. */
export function scoredBatch({ generations, scores, logProbs, referenceLogProbs }: GroupCase): { batch: ScoredBatch; at: number[] } {
  const at = scores.flatMap((score, row) => (score === null ? [] : [row]));
  const keep = (rows: Rows): Float32Array[] => ragged(at.map((row) => rows[row]!));
  const rollouts = at.map((row) => {
    const { length } = logProbs[row]!;
    const empty = { prompt: [1], tokens: new Int32Array(length), samplerLogProbs: new Float32Array(length) };
    return { ...empty, promptIndex: Math.floor(row / generations), finishReason: 'length' as const };
  });
  const reference = referenceLogProbs === null ? null : keep(referenceLogProbs);
  const answers = { logProbs: keep(logProbs), values: [], referenceLogProbs: reference };
  return { batch: { rollouts, scores: at.map((row) => scores[row]!), ...answers, state: {} }, at };
}

/** What a loss is held to. */
export interface LossCase {
  readonly columns: StepInputs['columns'];
  readonly newLogProbs: Rows;
  readonly entropy: Rows;
  readonly width: number;
  /** Stands on padding. */
  readonly garbage: number;
  /** Of these rows. */
  readonly pairs?: readonly RowPair[];
  readonly expected: { readonly loss: number; readonly gradientLogProbs: Rows; readonly metrics: Readonly<Record<string, number>> };
}

/** Loss, metrics and gradient of an algorithm without a value head. */
export function expectLoss(
  loss: ReturnType<Algorithm['loss']>,
  { columns, newLogProbs, entropy, width, garbage, pairs, expected }: LossCase,
): void {
  const tensors = (rows: readonly ArrayLike<number>[]): tf.Tensor2D => padded(rows, width, garbage);
  const batch = {
    mask: maskOf(entropy, width),
    columns: Object.fromEntries(Object.entries(columns).map(([name, rows]) => [name, tensors(rows)])),
    scalars: {
      tokens: tf.scalar(entropy.flat().length),
      sequences: tf.scalar(entropy.length),
      ...(pairs === undefined ? {} : { pairs: tf.scalar(pairs.length) }),
    },
    ...(pairs === undefined ? {} : { pairs: withPadding(pairs) }),
  };
  const [spread, hidden]: [tf.Tensor2D, tf.Tensor3D] = [tensors(entropy), tf.zeros([entropy.length, width, 1])];
  const out = (logProbs: tf.Tensor) =>
    loss({ logProbs: logProbs as tf.Tensor2D, entropy: spread, hidden }, batch, {} as Parameters<typeof loss>[2]);
  const given = tensors(newLogProbs);
  const found = out(given);
  expectClose(found.loss.dataSync(), [expected.loss]);
  for (const [name, value] of Object.entries(expected.metrics)) expectClose(found.metrics[name]!.dataSync(), [value], name);
  expectGradient(tf.grad((logProbs) => out(logProbs).loss)(given), expected.gradientLogProbs);
}

/** Pairs as a policy hands them over, one more than there are. */
function withPadding(pairs: readonly RowPair[]) {
  const side = (at: 0 | 1): tf.Tensor1D =>
    tf.tensor1d(
      [...pairs, [0, 0] as const].map((pair) => pair[at]),
      'int32',
    );
  return { chosen: side(0), rejected: side(1), mask: tf.tensor1d([...pairs.map(() => 1), 0]) };
}
