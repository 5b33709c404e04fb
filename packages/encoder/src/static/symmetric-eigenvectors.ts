/** Eigenvalues in descending order and, as columns, their eigenvectors. */
export interface Eigenvectors {
  /** [n] */
  readonly values: Float64Array;
  /** [n, n] row major; column j belongs to `values[j]`. */
  readonly vectors: Float64Array;
}

/** A symmetric matrix as Q' T Q, with T tridiagonal. */
interface Tridiagonal {
  /** [n] the diagonal of T. */
  readonly diagonal: Float64Array;
  /** [n - 1] what stands beside it. */
  readonly beside: Float64Array;
  /** [n, n] Q, orthogonal. */
  readonly basis: Float64Array;
}

/** Beside entries of about 1 this is 0: far below what rounding does, and far above where squares lose their digits. */
const NOTHING = 1e-100;

/** Steps that an eigenvalue may take to converge; two or three are usual. */
const STEPS = 60;

/**
 * Eigenvectors of a symmetric matrix: reflections make it tridiagonal, then implicit QR steps with Wilkinson's shift diagonal.
 * n = 384 takes about a second. Source: Golub and Van Loan, "Matrix Computations", algorithms 8.3.1 to 8.3.3.
 *
 * @param matrix [n, n] row major; only its symmetric part counts
 */
export function symmetricEigenvectors(matrix: Float64Array, n: number): Eigenvectors {
  const scale = largestOf(matrix, 0) || 1;
  const symmetric = Float64Array.from(matrix, (value, at) => (value / scale + matrix[(at % n) * n + Math.floor(at / n)]! / scale) / 2);
  const form = tridiagonalize(symmetric, n);
  diagonalize(form, n);
  const { diagonal, basis } = form;
  const order = Array.from({ length: n }, (_, j) => j).sort((i, j) => diagonal[j]! - diagonal[i]!);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i += 1) vectors[i * n + to] = basis[from * n + i]!;
  });
  return { values: Float64Array.from(order, (j) => diagonal[j]! * scale), vectors };
}

/** Householder reflections, one a column. Every loop runs along rows, which is what the cache of a processor likes. @param a is overwritten */
function tridiagonalize(a: Float64Array, n: number): Tridiagonal {
  const basis = Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0));
  const beside = new Float64Array(Math.max(0, n - 1));
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = 0; k < n - 1; k += 1) {
    const row = a.subarray(k * n, (k + 1) * n); // as symmetric, the column below the diagonal
    const largest = largestOf(row, k + 1);
    if (largest <= NOTHING) continue;
    for (let i = k + 1; i < n; i += 1) v[i] = row[i]! / largest;
    const length = norm(v, k + 1);
    const first = v[k + 1]!;
    const target = first > 0 ? -length : length;
    beside[k] = target * largest;
    v[k + 1] = first - target;
    const size = norm(v, k + 1);
    for (let i = k + 1; i < n; i += 1) v[i]! /= size; // H = I - 2 v v'
    // A - v w' - w v' with w = 2 (A v - (v' A v) v)
    let vAv = 0;
    for (let i = k + 1; i < n; i += 1) {
      let sum = 0;
      for (let j = k + 1; j < n; j += 1) sum += a[i * n + j]! * v[j]!;
      w[i] = sum;
      vAv += sum * v[i]!;
    }
    for (let i = k + 1; i < n; i += 1) w[i] = 2 * (w[i]! - vAv * v[i]!);
    for (let i = k + 1; i < n; i += 1) for (let j = k + 1; j < n; j += 1) a[i * n + j]! -= v[i]! * w[j]! + w[i]! * v[j]!;
    reflectRows(basis, v, w, k + 1, n);
  }
  return { diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), beside, basis };
}

/** H basis, for H = I - 2 v v'. @param sums [n], overwritten */
function reflectRows(basis: Float64Array, v: Float64Array, sums: Float64Array, from: number, n: number): void {
  sums.fill(0);
  for (let i = from; i < n; i += 1) for (let j = 0; j < n; j += 1) sums[j]! += 2 * v[i]! * basis[i * n + j]!;
  for (let i = from; i < n; i += 1) for (let j = 0; j < n; j += 1) basis[i * n + j]! -= v[i]! * sums[j]!;
}

/** Makes T diagonal in place; the rows of the basis turn with it. */
function diagonalize({ diagonal, beside, basis }: Tridiagonal, n: number): void {
  let steps = 0;
  for (let high = n - 1; high > 0;) {
    let low = high;
    while (low > 0 && !isNegligible(low - 1)) low -= 1;
    if (low === high) {
      high -= 1;
      steps = 0;
      continue;
    }
    steps += 1;
    if (steps > STEPS) throw new Error('an eigenvalue does not converge: the matrix holds a value that is not finite');
    step(low, high);
  }

  function isNegligible(k: number): boolean {
    const least = Math.max(NOTHING, Number.EPSILON * (Math.abs(diagonal[k]!) + Math.abs(diagonal[k + 1]!)));
    if (Math.abs(beside[k]!) > least) return false;
    beside[k] = 0;
    return true;
  }

  /** One implicit QR step on rows and columns low to high: a rotation makes a bulge beside the diagonal, the others chase it out. */
  function step(low: number, high: number): void {
    const half = (diagonal[high - 1]! - diagonal[high]!) / 2;
    const last = beside[high - 1]!;
    const root = hypotenuse(half, last);
    const shift = diagonal[high]! - last * (last / (half + (half < 0 ? -root : root)));
    let [x, bulge] = [diagonal[low]! - shift, beside[low]!];
    for (let k = low; k < high; k += 1) {
      const r = hypotenuse(x, bulge);
      const [c, s] = r === 0 ? [1, 0] : [x / r, -bulge / r];
      if (k > low) beside[k - 1] = r;
      const [first, between, second] = [diagonal[k]!, beside[k]!, diagonal[k + 1]!];
      diagonal[k] = c * c * first - 2 * c * s * between + s * s * second;
      diagonal[k + 1] = s * s * first + 2 * c * s * between + c * c * second;
      beside[k] = c * s * (first - second) + (c * c - s * s) * between;
      x = beside[k]!;
      if (k + 1 < high) {
        bulge = -s * beside[k + 1]!;
        beside[k + 1] = c * beside[k + 1]!;
      }
      for (let j = 0, a = k * n, b = (k + 1) * n; j < n; j += 1, a += 1, b += 1) {
        const [upper, lower] = [basis[a]!, basis[b]!];
        basis[a] = c * upper - s * lower;
        basis[b] = s * upper + c * lower;
      }
    }
  }
}

function largestOf(values: Float64Array, from: number): number {
  let largest = 0;
  for (let i = from; i < values.length; i += 1) largest = Math.max(largest, Math.abs(values[i]!));
  return largest;
}

function norm(values: Float64Array, from: number): number {
  let squares = 0;
  for (let i = from; i < values.length; i += 1) squares += values[i]! * values[i]!;
  return Math.sqrt(squares);
}

function hypotenuse(a: number, b: number): number {
  const largest = Math.max(Math.abs(a), Math.abs(b));
  return largest === 0 ? 0 : largest * Math.sqrt((a / largest) ** 2 + (b / largest) ** 2);
}
