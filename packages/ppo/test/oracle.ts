import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';

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
