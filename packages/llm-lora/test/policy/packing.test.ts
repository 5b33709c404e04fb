import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planBatch, padColumn, unpadColumn } from '../../src/policy/batch-plan.js';
import { bucketRows } from '@expctr/tfjs-backend-onnx';
import { bucketCache, bucketTime, bucketTokens, powerOfTwo } from '../../src/policy/buckets.js';
import { causalMask, lengthMask, packedMask, packTexts } from '../../src/policy/packing.js';

describe('packed texts', () => {
  test('positions are those of each text alone', () => {
    const { tokens, positions, segments, starts } = packTexts([{ shared: [5, 6], continuations: [[7, 8], [9]] }], 1, 7, 10);
    expect([...tokens]).toEqual([5, 6, 7, 8, 9, 0, 0]);
    expect([...positions]).toEqual([10, 11, 12, 13, 12, 0, 0]);
    expect([...segments]).toEqual([0, 0, 1, 1, 2, -1, -1]);
    expect(starts).toEqual([[2, 4]]);
  });

  test('a token sees the shared tokens before it and its own continuation up to itself', () => {
    const mask = packedMask(Int32Array.of(0, 0, 1, 1, 2, -1), 1, 6);
    const seen = Array.from({ length: 6 }, (_, row) =>
      [...mask.slice(row * 6, row * 6 + 6)].map((value) => (value === 0 ? 1 : 0)).join(''),
    );
    expect(seen).toEqual(['100000', '110000', '111000', '111100', '110010', '110001']);
  });

  test('masks come from lengths: token 0 is a token like any other', () => {
    const { segments } = packTexts([{ shared: [0, 0], continuations: [[0]] }], 1, 4);
    expect([...segments]).toEqual([0, 0, 1, -1]);
    expect([...lengthMask([1, 3], 3)].map((value) => value === 0)).toEqual([true, false, false, true, true, true]);
    expect([...causalMask(2)].map((value) => value === 0)).toEqual([true, false, true, true]);
  });
});

describe('the plan of a batch', () => {
  const text = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 6 });
  const batch = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 12 });

  test('every response token is predicted from exactly the tokens before it, once', () => {
    fc.assert(
      fc.property(batch, fc.integer({ min: 8, max: 60 }), (rows, limit) => {
        const prompts = rows.map(([prompt]) => prompt);
        const responses = rows.map(([, response]) => response);
        const seen = new Set<number>();
        for (const { shape, rows: members, packed, mask, ...flat } of planBatch({ prompts, responses }, limit)) {
          const { places, inverse, targets, cells, cellOf } = flat;
          members.forEach((row, index) => {
            expect(seen.has(row)).toBe(false);
            seen.add(row);
            for (let i = 0; i < shape.response; i += 1) {
              const cell = index * shape.response + i;
              expect(mask[cell]).toBe(i < responses[row]!.length ? 1 : 0);
              if (mask[cell] === 0) continue;
              const at = cells[cell]!;
              expect(cellOf[at]).toBe(cell);
              expect(targets[at]).toBe(responses[row]![i]);
              expect(inverse[places[at]!]).toBe(at);
              const place = places[at]!;
              const visible: number[] = [];
              for (let other = place - (place % shape.time); other <= place; other += 1) {
                const segment = packed.segments[other]!;
                if (segment === 0 || segment === packed.segments[place]) visible[packed.positions[other]!] = packed.tokens[other]!;
              }
              expect(visible).toEqual([...prompts[row]!, ...responses[row]!.slice(0, i)]);
            }
          });
          const read = [...inverse].filter((at) => at < shape.count);
          expect([...cellOf].filter((cell) => cell < shape.rows * shape.response)).toHaveLength(read.length);
          expect(read.length).toBe([...mask].reduce((sum, value) => sum + value, 0));
          expect(new Set(read).size).toBe(read.length);
        }
        expect(seen.size).toBe(rows.length);
      }),
    );
  });

  test('rows with equal prompts share one sequence while it fits', () => {
    const prompts = [[1, 2, 3, 4], [9], [1, 2, 3, 4], [1, 2, 3, 4]];
    const responses = [[5, 6], [5], [7], [8, 8, 8]];
    const [part] = planBatch({ prompts, responses }, 64);
    expect(part!.rows).toEqual([0, 2, 3, 1]);
    expect([...part!.packed.tokens.slice(0, 10)]).toEqual([1, 2, 3, 4, 5, 4, 4, 8, 8, 0]);
    const narrow = planBatch({ prompts, responses }, 3);
    expect(narrow.map(({ rows }) => rows)).toEqual([[0, 2], [3], [1]]);
  });

  test('rows that pairs connect are never parted, and pairs name the rows of their part', () => {
    const rowsAndPairs = batch.chain((rows) => {
      const row = fc.integer({ min: 0, max: rows.length - 1 });
      return fc.tuple(fc.constant(rows), fc.array(fc.tuple(row, row), { maxLength: 8 }));
    });
    fc.assert(
      fc.property(rowsAndPairs, fc.integer({ min: 1, max: 60 }), ([rows, pairs], limit) => {
        const given = { prompts: rows.map(([prompt]) => prompt), responses: rows.map(([, response]) => response), pairs };
        const parts = planBatch(given, limit);
        const found = parts.flatMap(({ shape, rows: members, pairs: own }) => {
          expect(own === null).toBe(pairs.length === 0);
          expect(shape.pairs).toBe(own?.mask.length ?? 0);
          return [...(own?.mask ?? [])].flatMap((on, at) => {
            const place = [own!.chosen[at]!, own!.rejected[at]!];
            if (on === 0) expect(place).toEqual([0, 0]);
            return on === 0 ? [] : [place.map((index) => members[index])];
          });
        });
        const sorted = (list: unknown[]): string[] => list.map((pair) => JSON.stringify(pair)).sort();
        expect(sorted(found)).toEqual(sorted(pairs));
        expect(parts.flatMap(({ rows: members }) => members).sort((a, b) => a - b)).toEqual(rows.map((_, row) => row));
      }),
    );
  });

  test('pairs of one prompt share its sequence, and what they do not connect is parted as before', () => {
    const prompts = [[1, 2, 3], [9], [1, 2, 3], [8, 8], [1, 2, 3], [9]];
    const responses = [[5, 6], [5], [7, 7], [4], [3], [2]];
    const plan = (pairs: readonly (readonly [number, number])[]): (readonly number[])[] =>
      planBatch({ prompts, responses, pairs }, 4).map(({ rows }) => rows);
    expect(plan([])).toEqual([[0, 2, 4], [1, 5], [3]]);
    expect(plan([[4, 0]])).toEqual([[0, 4, 2], [1, 5], [3]]); // together in front, though row 2 came before row 4
    expect(plan([[3, 1]])).toEqual([
      [0, 2, 4],
      [1, 5, 3],
    ]);
  });

  test('columns survive padding', () => {
    fc.assert(
      fc.property(batch, (rows) => {
        const responses = rows.map(([, response]) => response);
        const column = responses.map((response, row) => Float32Array.from(response, (_, i) => row + i / 8));
        const back: Float32Array[] = [];
        for (const part of planBatch({ prompts: rows.map(([prompt]) => prompt), responses }, 30)) {
          const padded = padColumn(part, column);
          part.mask.forEach((on, at) => expect(on === 0 ? padded[at] : 0).toBe(0));
          unpadColumn(part, padded, responses, back);
        }
        expect(back).toEqual(column);
      }),
    );
  });
});

test('buckets are never smaller than asked for, grow with it, and are few', () => {
  for (const bucket of [bucketTime, bucketTokens, powerOfTwo, bucketCache, bucketRows]) {
    const sizes = Array.from({ length: 2000 }, (_, i) => bucket(i + 1));
    sizes.forEach((size, i) => {
      expect(size).toBeGreaterThanOrEqual(i + 1);
      expect(size).toBeGreaterThanOrEqual(sizes[Math.max(0, i - 1)]!);
    });
  }
  expect(new Set(Array.from({ length: 512 }, (_, i) => bucketTime(i + 1))).size).toBeLessThanOrEqual(22);
  expect(Array.from({ length: 8 }, (_, i) => bucketRows(2 ** i))).toEqual([1, 2, 4, 8, 16, 32, 64, 128]);
});
