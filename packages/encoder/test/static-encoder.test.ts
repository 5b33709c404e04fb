import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createHashedEncoder,
  createStaticEncoder,
  EncoderOptionError,
  fitStaticTable,
  loadEncoder,
  loadStaticTable,
  saveStaticTable,
} from '../src/index.js';
import { cosine, fixture, largestDifference, temporaryFolder } from './support.js';

interface StaticFixture {
  readonly texts: string[];
  readonly options: { dimension: number; smoothing: number; minimumCount: number };
  readonly features: string[];
  readonly coordinates: number[][];
}
const expected = await fixture<StaticFixture>('static.json');
const table = fitStaticTable(expected.texts, expected.options);
const encoder = createStaticEncoder(table);

async function vectorsOf(...texts: readonly string[]): Promise<Float32Array[]> {
  const { dimension } = encoder;
  const all = await encoder.encode(texts);
  return texts.map((_, row) => all.slice(row * dimension, (row + 1) * dimension));
}

describe('the learned half', () => {
  test('has the features that occur often enough', () => {
    expect([...table.features].sort()).toEqual([...expected.features].sort());
  });

  test('equals scikit-learn’s PCA of the weighted counts, each component up to its sign', async () => {
    const vectors = await encoder.encode(expected.texts);
    for (let component = 0; component < table.components; component += 1) {
      const ours = expected.texts.map((_, row) => vectors[row * encoder.dimension + component]!);
      const theirs = expected.coordinates.map((row) => row[component]!);
      const sign = Math.sign(ours.reduce((sum, value, row) => sum + value * theirs[row]!, 0));
      expect(
        largestDifference(
          ours,
          theirs.map((value) => sign * value),
        ),
      ).toBeLessThan(1e-5);
    }
  });
});

test('texts of the corpus have mean zero and mean squared length 1, one half in each half of the vector', async () => {
  const all = fitStaticTable(expected.texts, { ...expected.options, minimumCount: 1 });
  const { dimension } = all;
  const vectors = await createStaticEncoder(all).encode(expected.texts);
  const squares = [0, 0];
  for (let j = 0; j < dimension; j += 1) {
    const column = expected.texts.map((_, row) => vectors[row * dimension + j]!);
    expect(Math.abs(column.reduce((sum, value) => sum + value, 0) / column.length)).toBeLessThan(1e-5);
    squares[j < all.components ? 0 : 1]! += column.reduce((sum, value) => sum + value * value, 0) / column.length;
  }
  expect(squares[0]).toBeCloseTo(0.5, 4);
  expect(squares[1]).toBeCloseTo(0.5, 4);
});

describe('signs and who they belong to are told apart', () => {
  test.each([
    ['horror: liked', 'horror: disliked'],
    ['horror delights them.', 'horror bores them.'],
    ['horror delights them. grim bores them.', 'horror bores them. grim delights them.'],
    ['The user likes horror but avoids grim stories.', 'The user avoids horror but likes grim stories.'],
  ])('%j is no near copy of %j', async (one, other) => {
    const own = createStaticEncoder(fitStaticTable(expected.texts, { ...expected.options, dimension: 32 }));
    for (const each of [own, await loadEncoder('static')]) {
      const both = await each.encode([one, other]);
      expect(cosine(both.subarray(0, each.dimension), both.subarray(each.dimension))).toBeLessThan(0.9);
    }
  });

  test('while the order of sentences changes nothing', async () => {
    const [a, b] = await vectorsOf('horror delights them. grim bores them.', 'Grim bores them! Horror delights them');
    expect(largestDifference(a!, b!)).toBeLessThan(1e-6);
  });
});

test('a text is the origin and the sum of its sentences: evidence adds up', async () => {
  const sentence = fc.constantFrom('horror delights them.', 'grim bores them.', 'a word that is new.', 'castle suits them.');
  await fc.assert(
    fc.asyncProperty(fc.array(sentence, { maxLength: 5 }), async (sentences) => {
      const [whole, ...parts] = await vectorsOf(sentences.join(' '), ...sentences);
      const sum = Float32Array.from(table.origin, (origin, j) => parts.reduce((total, part) => total + part[j]! - origin, origin));
      expect(largestDifference(whole!, sum)).toBeLessThan(1e-5);
    }),
  );
});

test('unknown words differ from one another, and the empty text is the origin', async () => {
  const [a, b, empty] = await vectorsOf('zebra', 'quokka', '');
  expect(largestDifference(a!, b!)).toBeGreaterThan(0.01);
  expect(largestDifference(empty!, table.origin)).toBe(0);
});

test('the vector of a text depends on that text alone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'binary' }), { maxLength: 6 }), async (texts) => {
      const together = await encoder.encode(texts);
      for (const [row, text] of texts.entries()) {
        const alone = await encoder.encode([text]);
        expect(together.subarray(row * encoder.dimension, (row + 1) * encoder.dimension)).toEqual(alone);
        expect(alone.every(Number.isFinite)).toBe(true);
      }
    }),
    { numRuns: 30 },
  );
});

describe('files', () => {
  test('a saved table is read back to the last bit, and loadEncoder takes it by static:FILE', async () => {
    const path = join(await temporaryFolder(), 'own.arrow');
    await saveStaticTable(path, table);
    expect(await loadStaticTable(path)).toEqual(table);
    const loaded = await loadEncoder(`static:${path}`);
    expect(loaded.identity).toBe(encoder.identity);
    expect(await loaded.encode(['horror delights them.'])).toEqual(await encoder.encode(['horror delights them.']));
    await saveStaticTable(`${path}2`, fitStaticTable(expected.texts, expected.options));
    expect(await readFile(`${path}2`)).toEqual(await readFile(path));
  });

  test('another table is another encoder to a cache', () => {
    expect(createStaticEncoder(fitStaticTable(expected.texts, { ...expected.options, smoothing: 1 })).identity).not.toBe(encoder.identity);
  });

  test.each(['absent', 'text'])('a file that is %s is named, with what is expected', async (kind) => {
    const path = join(await temporaryFolder(), 'table.arrow');
    if (kind === 'text') await writeFile(path, 'hello');
    await expect(loadEncoder(`static:${path}`)).rejects.toMatchObject({ code: 'ENCODER_STATIC_FILE', where: path });
  });

  test('the table that comes with the package has few dimensions and needs nothing else', async () => {
    const bundled = await loadEncoder('static');
    expect([bundled.name, bundled.dimension, bundled.normalized]).toEqual(['static', 32, false]);
  });
});

test('on explanations of a known world it tells more in 16 numbers than a bag of hashed words: one axis holds the signs', async () => {
  const dimension = 16;
  const small = createStaticEncoder(fitStaticTable(expected.texts, { ...expected.options, dimension }));
  const balance = expected.texts.map((text) => (text.match(/delights|suits/gu)?.length ?? 0) - (text.match(/bores/gu)?.length ?? 0));
  const strongest = async (vectors: Promise<Float32Array>): Promise<number> => {
    const all = await vectors;
    const columns = Array.from({ length: dimension }, (_, j) => expected.texts.map((__, row) => all[row * dimension + j]!));
    return Math.max(...columns.map((column) => Math.abs(correlation(column, balance))));
  };
  const learned = await strongest(small.encode(expected.texts));
  expect(learned).toBeGreaterThan(0.7);
  expect(learned).toBeGreaterThan(await strongest(createHashedEncoder({ dimension, ngrams: 2 }).encode(expected.texts)));
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return cosine(
    a.map((value) => value - mean(a)),
    b.map((value) => value - mean(b)),
  );
}

test.each([{ dimension: 1 }, { dimension: 1000 }, { smoothing: 0 }, { minimumCount: 0 }, { maximumFeatures: 0.5 }])(
  '%j is refused by name',
  (options) => {
    expect(() => fitStaticTable(expected.texts, options)).toThrow(EncoderOptionError);
    expect(() => fitStaticTable(expected.texts, options)).toThrow(`encoder.${Object.keys(options)[0]!}`);
  },
);
