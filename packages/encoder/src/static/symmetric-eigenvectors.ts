/** Eigenvalues in descending order and, as columns, their eigenvectors. */
export interface Eigenvectors {
  /** [n] */
  readonly values: Float64Array;
  /** [n, n] row major; column j belongs to `values[j]`. */
  readonly vectors: Float64Array;
}

/**
 * Eigenvectors of a small symmetric matrix by cyclic Jacobi rotations.
 * Source: Golub and Van Loan, "Matrix Computations", section 8.5.
 *
 * @param matrix [n, n] row major; only its symmetric part counts
 */
export function symmetricEigenvectors(matrix: Float64Array, n: number): Eigenvectors {
  const a = Float64Array.from(matrix, (value, at) => (value + matrix[(at % n) * n + Math.floor(at / n)]!) / 2);
  const v = Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0));
  for (let sweep = 0; sweep < 60 && offDiagonal(a, n) > 1e-15 * frobenius(a); sweep += 1) {
    for (let p = 0; p < n - 1; p += 1) for (let q = p + 1; q < n; q += 1) rotate(a, v, n, p, q);
  }
  const order = Array.from({ length: n }, (_, j) => j).sort((i, j) => a[j * n + j]! - a[i * n + i]!);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i += 1) vectors[i * n + to] = v[i * n + from]!;
  });
  return { values: Float64Array.from(order, (j) => a[j * n + j]!), vectors };
}

/** Turns the plane of p and q so that a[p][q] vanishes. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]!;
  if (apq === 0) return;
  const tau = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const c = 1 / Math.sqrt(1 + t * t);
  const s = t * c;
  for (let k = 0; k < n; k += 1) turn(a, k * n + p, k * n + q, c, s);
  for (let k = 0; k < n; k += 1) turn(a, p * n + k, q * n + k, c, s);
  for (let k = 0; k < n; k += 1) turn(v, k * n + p, k * n + q, c, s);
}

function turn(values: Float64Array, at: number, other: number, c: number, s: number): void {
  const [x, y] = [values[at]!, values[other]!];
  values[at] = c * x - s * y;
  values[other] = s * x + c * y;
}

function offDiagonal(a: Float64Array, n: number): number {
  return Math.sqrt(a.reduce((sum, value, at) => sum + (at % (n + 1) === 0 ? 0 : value * value), 0));
}

function frobenius(a: Float64Array): number {
  return Math.sqrt(a.reduce((sum, value) => sum + value * value, 0));
}
