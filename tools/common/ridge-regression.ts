// Ridge-penalized logistic regression by Newton's method, on standardized columns: scikit-learn's LogisticRegression with C = 1 / ridge.

const STEPS = 50;

/**
 * Fits log-odds of labels; the intercept is not penalized.
 * @param rows [rows][columns]
 * @returns the log-odds of a row
 */
export function ridgeRegression(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  ridge: number,
): (row: readonly number[]) => number {
  const width = rows[0]!.length;
  const means = Array.from({ length: width }, (_, k) => rows.reduce((sum, row) => sum + row[k]!, 0) / rows.length);
  const deviations = means.map((mean, k) => Math.sqrt(rows.reduce((sum, row) => sum + (row[k]! - mean) ** 2, 0) / rows.length) + 1e-6);
  const standardized = (row: readonly number[]): Float64Array =>
    Float64Array.from({ length: width + 1 }, (_, k) => (k === width ? 1 : (row[k]! - means[k]!) / deviations[k]!));
  const inputs = rows.map(standardized);
  const weights = new Float64Array(width + 1);
  const logit = (input: Float64Array): number => input.reduce((sum, x, k) => sum + x * weights[k]!, 0);
  for (let step = 0; step < STEPS; step += 1) {
    const system = Array.from({ length: width + 1 }, (_, k) => {
      const line = new Float64Array(width + 2);
      if (k < width) [line[k], line[width + 1]] = [ridge, -ridge * weights[k]!];
      else line[k] = 1e-9; // keeps the system solvable where all labels are the same
      return line;
    });
    inputs.forEach((input, row) => {
      const p = 1 / (1 + Math.exp(-logit(input)));
      system.forEach((line, k) => {
        const scaled = p * (1 - p) * input[k]!;
        for (let j = 0; j <= width; j += 1) line[j]! += scaled * input[j]!;
        line[width + 1]! += input[k]! * (labels[row]! - p);
      });
    });
    const change = eliminated(system);
    change.forEach((by, k) => (weights[k]! += by));
    if (change.every((by) => Math.abs(by) < 1e-9)) break;
  }
  return (row) => logit(standardized(row));
}

/** Solves a positive definite system by Gauss-Jordan elimination; each line is a row of the matrix and then its right-hand side. */
function eliminated(system: readonly Float64Array[]): number[] {
  const size = system.length;
  system.forEach((pivot, i) => {
    const scale = pivot[i]!;
    for (let j = i; j <= size; j += 1) pivot[j]! /= scale;
    system.forEach((line, at) => {
      if (at === i) return;
      const factor = line[i]!;
      for (let j = i; j <= size; j += 1) line[j]! -= factor * pivot[j]!;
    });
  });
  return system.map((line) => line[size]!);
}
