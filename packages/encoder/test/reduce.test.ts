import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cachedEncoder,
  createHashedEncoder,
  firstDimensions,
  fitPca,
  loadEncoder,
  loadPca,
  pcaEncoder,
  reducedEncoder,
  savePca,
  type Encoder,
} from '../src/index.js';
import { symmetricEigenvectors } from '../src/static/symmetric-eigenvectors.js';
import { fixture, largestDifference, temporaryFolder } from './support.js';

interface PcaFixture {
  readonly dimension: number;
  readonly components: number;
  readonly vectors: number[];
  readonly mean: number[];
  readonly axes: number[];
  readonly variances: number[];
  readonly shares: number[];
  readonly projected: number[];
  readonly truncated: number[];
}
const expected = await fixture<PcaFixture>('pca.json');
const D = expected.dimension;
const K = expected.components;
const vectors = Float32Array.from(expected.vectors);

/** An encoder of `row 3`, whose vector is that row of the fixture. */
function rows(overrides: Partial<Encoder> = {}): Encoder & { disposed: boolean } {
  const encoder = {
    name: 'rows',
    identity: 'rows v1',
    dimension: D,
    normalized: true,
    truncated: 7,
    disposed: false,
    encode: (texts: readonly string[]) => {
      const out = new Float32Array(texts.length * D);
      texts.forEach((text, at) => out.set(vectors.subarray(Number(text) * D, (Number(text) + 1) * D), at * D));
      return Promise.resolve(out);
    },
    dispose() {
      encoder.disposed = true;
      return Promise.resolve();
    },
    ...overrides,
  };
  return encoder;
}
const texts = Array.from({ length: vectors.length / D }, (_, row) => String(row));
const fitted = fitPca(vectors, { components: K, encoder: rows() });

/** The largest difference of two vectors of which one may point the other way. */
function differenceUpToSign(ours: ArrayLike<number>, theirs: readonly number[]): number {
  const sign = Math.sign(theirs.reduce((dot, value, j) => dot + value * ours[j]!, 0));
  return largestDifference(
    ours,
    theirs.map((value) => sign * value),
  );
}

test('a PCA is scikit-learn’s, up to the sign of an axis', () => {
  expect(largestDifference(fitted.mean, expected.mean)).toBeLessThan(1e-6);
  expect(largestDifference(fitted.variances, expected.variances)).toBeLessThan(1e-5);
  expect(
    largestDifference(
      fitted.variances.map((variance) => variance / fitted.totalVariance),
      expected.shares,
    ),
  ).toBeLessThan(1e-6);
  for (let c = 0; c < K; c += 1) {
    const [ours, theirs] = [fitted.axes.subarray(c * D, (c + 1) * D), expected.axes.slice(c * D, (c + 1) * D)];
    expect(differenceUpToSign(ours, theirs)).toBeLessThan(1e-5);
    expect(Math.max(...ours)).toBe(ours.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)); // the largest entry is positive
  }
});

test('an encoder by a PCA gives scikit-learn’s transform, after saving and loading, too', async () => {
  const path = join(await temporaryFolder(), 'rows.pca.arrow');
  await savePca(path, fitted);
  const loaded = await loadPca(path);
  expect(loaded).toEqual(fitted);
  const encoder = pcaEncoder(rows(), fitted);
  expect([encoder.name, encoder.dimension, encoder.normalized, encoder.truncated]).toEqual(['rows/pca4', K, false, 7]);
  const projected = await encoder.encode(texts);
  for (let c = 0; c < K; c += 1) {
    const column = (all: ArrayLike<number>): number[] => texts.map((_, row) => all[row * K + c]!);
    const [ours, theirs] = [column(projected), column(expected.projected)];
    expect(differenceUpToSign(ours, theirs)).toBeLessThan(1e-5);
  }
  expect(await (await reducedEncoder(rows(), { dimensions: null, pca: path })).encode(texts)).toEqual(projected);
  const { metadata } = tableFromIPC(await readFile(path)).schema;
  expect([metadata.get('expctr.schema'), metadata.get('expctr.encoder')]).toEqual(['pca/1', 'rows']);
});

test('the first dimensions are sentence-transformers’ truncate_dim, of length 1 where the encoder’s are', async () => {
  const short = firstDimensions(rows(), K);
  expect(largestDifference(await short.encode(texts), expected.truncated)).toBeLessThan(1e-6);
  expect([short.name, short.dimension, short.normalized, short.identity]).toEqual(['rows/4', K, true, 'rows v1 dimensions=4']);
  const raw = await firstDimensions(rows({ normalized: false }), K).encode(['2']);
  expect(raw).toEqual(vectors.slice(2 * D, 2 * D + K));
  expect(await firstDimensions(rows(), D).encode(['1'])).toHaveLength(D);
});

test('a cache keeps apart what is reduced in different ways, and disposing reaches the encoder', async () => {
  const path = await temporaryFolder();
  const inner = rows();
  for (const encoder of [inner, firstDimensions(inner, 2), firstDimensions(inner, 3), pcaEncoder(inner, fitted)]) {
    const cache = cachedEncoder(encoder, { path });
    expect(await cache.encode(['1', '2'])).toEqual(await encoder.encode(['1', '2']));
    expect(cache.statistics.misses).toBe(2);
  }
  await pcaEncoder(firstDimensions(inner, D), { ...fitted, encoder: `rows/${D}` }).dispose?.();
  expect(inner.disposed).toBe(true);
});

test('loadEncoder takes dimensions and a PCA for any kind', async () => {
  const path = join(await temporaryFolder(), 'hashed.pca.arrow');
  const hashed = firstDimensions(createHashedEncoder({ dimension: 32 }), 16);
  const some = ['a b c', 'b c d', 'c d e f', 'x y'];
  await savePca(path, fitPca(await hashed.encode(some), { components: 2, encoder: hashed }));
  const loaded = await loadEncoder('hashed:32', {}, { dimensions: 16, pca: path });
  expect([loaded.dimension, loaded.name]).toEqual([2, 'hashed:32/16/pca2']);
  expect(await loaded.encode(some)).toEqual(await pcaEncoder(hashed, await loadPca(path)).encode(some));
});

test.each([0, 1.5, D + 1, NaN])('%j first dimensions are refused by name', (dimensions) => {
  expect(() => firstDimensions(rows(), dimensions)).toThrow(
    expect.objectContaining({ code: 'ENCODER_OPTION', message: expect.stringMatching(/encoder\.dimensions.*from 1 to 9/u) as string }),
  );
});

test.each([
  ['no components', vectors, 0, /components is 0/u],
  ['more components than values', vectors, D + 1, /from 1 to 9/u],
  ['more components than vectors', vectors.slice(0, 3 * D), 4, /from 1 to 3/u],
  ['one vector', vectors.slice(0, D), 1, /two or more/u],
  ['half a vector', vectors.slice(0, D + 2), 1, /two or more/u],
  ['a value that is none', Float32Array.from(vectors, (x, at) => (at === D + 1 ? NaN : x)), 1, /vector 1 holds NaN/u],
])('%s cannot be fitted', (_, given, components, message) => {
  expect(() => fitPca(given, { components, encoder: rows() })).toThrow(
    expect.objectContaining({ code: 'ENCODER_PCA', message: expect.stringMatching(message) as string }),
  );
});

test('a PCA of another encoder is refused, and the encoder disposed', async () => {
  expect(() => pcaEncoder(rows({ name: 'others' }), fitted)).toThrow(expect.objectContaining({ code: 'ENCODER_OPTION' }));
  expect(() => pcaEncoder(rows(), { ...fitted, dimension: 8 })).toThrow(expect.objectContaining({ code: 'ENCODER_OPTION' }));
  const inner = rows();
  await expect(reducedEncoder(inner, { dimensions: null, pca: '/no/such/file' })).rejects.toMatchObject({ code: 'ENCODER_PCA_FILE' });
  expect(inner.disposed).toBe(true);
});

test('a file that is no PCA, or a damaged one, is refused by name', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'x.arrow');
  const failure = () => expect(loadPca(path)).rejects;
  await failure().toMatchObject({ code: 'ENCODER_PCA_FILE', where: path, wrongUse: true });
  await savePca(path, { ...fitted, axes: fitted.axes.map((value, at) => (at === 3 ? Infinity : value)) });
  await failure().toMatchObject({ code: 'ENCODER_PCA_FILE' });
  await savePca(path, { ...fitted, totalVariance: NaN });
  await failure().toMatchObject({ message: expect.stringContaining('variance') as string });
  await savePca(path, fitted);
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, bytes.length >> 1));
  await failure().toMatchObject({ code: 'ENCODER_PCA_FILE' });
});

test('eigenvectors of any symmetric matrix are orthonormal and solve it, in descending order', () => {
  const real = (bound: number): fc.Arbitrary<number> => fc.double({ min: -bound, max: bound, noNaN: true });
  const entry = fc.oneof(fc.constant(0), fc.constant(1), real(1e3), real(1e-150), real(1e150));
  const matrix = fc.integer({ min: 1, max: 8 }).chain((n) => fc.array(entry, { minLength: n * n, maxLength: n * n }));
  fc.assert(
    fc.property(matrix, (values) => {
      const n = Math.sqrt(values.length);
      const symmetric = Float64Array.from(values, (value, at) => (value + values[(at % n) * n + Math.floor(at / n)]!) / 2);
      const { values: eigenvalues, vectors: columns } = symmetricEigenvectors(symmetric, n);
      let [residual, skew] = [0, 0];
      for (let j = 0; j < n; j += 1) {
        for (let i = 0; i < n; i += 1) {
          let [image, dot] = [0, 0];
          for (let k = 0; k < n; k += 1) {
            image += symmetric[i * n + k]! * columns[k * n + j]!;
            dot += columns[k * n + i]! * columns[k * n + j]!;
          }
          residual = Math.max(residual, Math.abs(image - eigenvalues[j]! * columns[i * n + j]!));
          skew = Math.max(skew, Math.abs(dot - Number(i === j)));
        }
      }
      expect(residual).toBeLessThanOrEqual(1e-300 + 1e-12 * symmetric.reduce((sum, value) => sum + Math.abs(value), 0));
      expect(skew).toBeLessThan(1e-12);
      expect([...eigenvalues]).toEqual([...eigenvalues].sort((x, y) => y - x));
    }),
    { numRuns: 300 },
  );
});
