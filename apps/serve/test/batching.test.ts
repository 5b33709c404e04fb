import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBatcher } from '../src/batching.js';
import { createCache } from '../src/cache.js';
import { createRegistry } from '@expctr/app-kit/http';

const full = (seconds: number): Error => new Error(`full, ${seconds}`);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a batcher', () => {
  test('gives every request what its items alone would get, in batches that are never too large', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(99), { maxLength: 9 }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 7 }),
        async (requests, most) => {
          const sizes: number[] = [];
          const batcher = createBatcher<number, number>({
            run: async (items) => {
              sizes.push(items.length);
              await turn();
              return items.map((item) => 3 * item + 1);
            },
            most,
            wait: 0,
            queue: 1000,
            full,
          });
          const results = await Promise.all(
            requests.map(async (items, k) => {
              if (k % 3 === 2) await turn(); // some come while others are computed
              return batcher.submit(items);
            }),
          );
          expect(results).toEqual(requests.map((items) => items.map((item) => 3 * item + 1)));
          expect(sizes.every((size) => size >= 1 && size <= most)).toBe(true);
          expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(requests.flat().length);
          expect(batcher.waiting).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('computes together what comes together, and in the time that it waits', async () => {
    for (const wait of [0, 20]) {
      const sizes: number[] = [];
      const batcher = createBatcher<number, number>({
        run: (items) => Promise.resolve(items),
        most: 100,
        wait,
        queue: 100,
        full,
        onBatch: (n) => sizes.push(n),
      });
      const first = batcher.submit([1]);
      if (wait > 0) await turn();
      await Promise.all([first, batcher.submit([2, 3]), batcher.submit([4])]);
      expect(sizes).toEqual([4]);
    }
  });

  test('refuses at once what finds no room, and takes more when there is room again', async () => {
    const batcher = createBatcher<number, number>({ run: (items) => Promise.resolve(items), most: 2, wait: 0, queue: 3, full });
    const first = batcher.submit([1, 2, 3]);
    await expect(batcher.submit([4])).rejects.toThrow('full, 1');
    expect(await first).toEqual([1, 2, 3]);
    expect(await batcher.submit([4])).toEqual([4]);
  });

  test('a batch that fails fails the requests in it, and no other', async () => {
    const batcher = createBatcher<number, number>({
      run: (items) => (items.includes(13) ? Promise.reject(new Error('unlucky')) : Promise.resolve(items)),
      most: 2,
      wait: 0,
      queue: 100,
      full,
    });
    const asked = [batcher.submit([1, 2]), batcher.submit([3, 13, 4, 5, 6]), batcher.submit([7])];
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(batcher.waiting).toBe(0);
    expect(await batcher.submit([8])).toEqual([8]);
  });
});

test('a cache makes a value once, whoever asks meanwhile; keeps none that failed; and lets go of the one that was not asked for longest', async () => {
  const cache = createCache<number>(2);
  let made = 0;
  const make = async (): Promise<number> => {
    await turn();
    return (made += 1);
  };
  expect(await Promise.all([cache.get('a', make), cache.get('a', make)])).toEqual([1, 1]);
  await expect(cache.get('b', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect([cache.has('a'), cache.has('b')]).toEqual([true, false]);
  await cache.get('b', make);
  await cache.get('a', make);
  await cache.get('c', make);
  expect(['a', 'b', 'c'].map((key) => cache.has(key))).toEqual([true, false, true]);
  expect(cache.counts).toEqual({ hits: 2, misses: 4 });
});

test('metrics are written as Prometheus reads them: labels escaped, buckets cumulative', () => {
  const registry = createRegistry();
  const counter = registry.counter('a_total', 'Help.');
  counter.add({ path: 'a"b\\c\nd' });
  counter.add({ path: 'a"b\\c\nd' }, 2);
  const histogram = registry.histogram('b_seconds', 'Help.', [1, 2]);
  for (const value of [0.5, 1, 1.5, 9]) histogram.observe(value);
  registry.gauge('c', 'Help.', () => [[{}, 5]]);
  expect(registry.text()).toBe(
    [
      '# HELP a_total Help.\n# TYPE a_total counter\na_total{path="a\\"b\\\\c\\nd"} 3\n',
      '# HELP b_seconds Help.\n# TYPE b_seconds histogram\nb_seconds_bucket{le="1"} 2\nb_seconds_bucket{le="2"} 3\nb_seconds_bucket{le="+Inf"} 4\nb_seconds_sum 12\nb_seconds_count 4\n',
      '# HELP c Help.\n# TYPE c gauge\nc 5\n',
    ].join(''),
  );
});
