import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketRows, CompiledCache } from '../src/programs/compiled-cache.js';

function recorder() {
  const [made, gone]: [string[], string[]] = [[], []];
  const make = (key: string) => () => {
    made.push(key);
    return Promise.resolve({ key, dispose: () => Promise.resolve(void gone.push(key)) });
  };
  return { made, gone, make };
}

test('the function used longest ago makes room', async () => {
  const { made, gone, make } = recorder();
  const cache = new CompiledCache<{ key: string; dispose(): Promise<void> }>(2);
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b'])
    expect(await cache.use(key, make(key), ({ key: got }) => Promise.resolve(got))).toBe(key);
  expect(made).toEqual(['a', 'b', 'c', 'b']);
  expect(gone).toEqual(['b', 'c']);
  expect(cache.inspect()).toEqual([
    { key: 'a', uses: 3, inUse: false },
    { key: 'b', uses: 1, inUse: false },
  ]);
  await cache.clear();
  expect(cache.size).toBe(0);
});

test('a function in use is not disposed of', async () => {
  const { gone, make } = recorder();
  const cache = new CompiledCache<{ key: string; dispose(): Promise<void> }>(1);
  await cache.use('a', make('a'), async () => {
    await cache.use('b', make('b'), () => Promise.resolve());
    expect(gone).toEqual([]);
    expect(cache.inspect()[0]).toEqual({ key: 'a', uses: 1, inUse: true });
  });
  await cache.use('c', make('c'), () => Promise.resolve());
  expect(gone.sort()).toEqual(['a', 'b']);
});

test('a function that could not be made is tried again', async () => {
  const { make } = recorder();
  const cache = new CompiledCache<{ key: string; dispose(): Promise<void> }>(1);
  await expect(
    cache.use(
      'a',
      () => Promise.reject(new Error('no')),
      () => Promise.resolve(),
    ),
  ).rejects.toThrow('no');
  expect(await cache.use('a', make('a'), () => Promise.resolve(1))).toBe(1);
});

test('a bucket holds its rows, wastes at most half as many again, and is its own bucket', () => {
  expect([1, 3, 4, 5, 7, 9, 13, 17].map(bucketRows)).toEqual([1, 3, 4, 6, 8, 12, 16, 24]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), (count) => {
      const bucket = bucketRows(count);
      expect(bucket).toBeGreaterThanOrEqual(count);
      expect(bucket).toBeLessThanOrEqual(1.5 * count);
      expect(bucketRows(bucket)).toBe(bucket);
    }),
  );
});
