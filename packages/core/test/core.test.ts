import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng, ExpctrError, replaceAtomically, sha256, writeFileAtomic } from '../src/index.js';

describe('createRng', () => {
  test('the same seed and path give the same stream, whatever was drawn before', () => {
    const a = createRng(7);
    a.next();
    a.int(10);
    const b = createRng(7);
    expect(Array.from({ length: 8 }, (_, i) => a.fork('x', i).next())).toEqual(Array.from({ length: 8 }, (_, i) => b.fork('x', i).next()));
  });

  test('different seeds, keys and key types give different streams', () => {
    const first = [
      createRng(1),
      createRng(2),
      createRng('1'),
      createRng(1).fork('a'),
      createRng(1).fork('b'),
      createRng(1).fork(1),
      createRng(1).fork('1'),
    ].map((rng) => rng.next());
    expect(new Set(first).size).toBe(first.length);
  });

  test('a path, written down as JSON, is the same stream again', () => {
    const key = fc.oneof(fc.integer(), fc.string());
    fc.assert(
      fc.property(key, fc.array(fc.array(key)), (seed, forks) => {
        const stream = forks.reduce((rng, keys) => rng.fork(...keys), createRng(seed));
        const again = createRng(JSON.parse(JSON.stringify(stream.path)) as typeof stream.path);
        expect(again.path).toEqual(stream.path);
        expect(again.fork('x').next()).toBe(stream.fork('x').next());
      }),
    );
  });

  test('next is uniform and normal is standard normal', () => {
    const rng = createRng(3);
    const n = 20_000;
    const uniform = Array.from({ length: n }, () => rng.next());
    const normal = Array.from({ length: n }, () => rng.normal());
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(uniform)).toBeCloseTo(0.5, 1);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    expect(Math.abs(mean(normal))).toBeLessThan(0.03);
    expect(mean(normal.map((value) => value * value))).toBeCloseTo(1, 1);
  });

  test('int stays in its bound and refuses a bound that makes no sense', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), fc.integer(), (bound, seed) => {
        const value = createRng(seed).int(bound);
        return Number.isInteger(value) && value >= 0 && value < bound;
      }),
    );
    expect(() => createRng(1).int(0)).toThrow(RangeError);
    expect(() => createRng(1).int(1.5)).toThrow(RangeError);
  });

  test('shuffle keeps the elements', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (values, seed) => {
        const shuffled = createRng(seed).shuffle([...values]);
        expect([...shuffled].sort((a, b) => a - b)).toEqual([...values].sort((a, b) => a - b));
      }),
    );
  });
});

describe('ExpctrError', () => {
  test('the message says what, where, expected and how to mend it', () => {
    class DataError extends ExpctrError {}
    const error = new DataError('DATA_BAD_ROW', '"abc" is no number', {
      where: 'ratings.csv:3:5',
      expected: 'a rating such as 4.5',
      remedy: 'correct the line or pass --on-bad-row skip',
    });
    expect(error.message).toBe(
      'ratings.csv:3:5: "abc" is no number. Expected a rating such as 4.5. To mend it: correct the line or pass --on-bad-row skip.',
    );
    expect(error.name).toBe('DataError');
    expect(error.code).toBe('DATA_BAD_ROW');
    expect(error).toBeInstanceOf(ExpctrError);
  });
});

describe('atomic files', () => {
  test('a failing writer leaves the old content and no temporary file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'expctr-core-'));
    const path = join(folder, 'deep', 'file.txt');
    await writeFileAtomic(path, 'old');
    await expect(replaceAtomically(path, () => Promise.reject(new Error('disk full')))).rejects.toThrow('disk full');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(join(folder, 'deep'))).toEqual(['file.txt']);
  });

  test('sha256 of the empty text is the known digest', () => {
    expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});
