import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { itemVectorsFromTable, firstDimensions, fitPca, loadEncoder, savePca } from '@expctr/encoder';
import { readTable } from '@expctr/data';
import { runFolder } from '@expctr/run';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { resolveConfig, type Settings } from '../src/config/resolve.js';
import { main } from '../src/main.js';
import { fitClickModel } from '../src/pipeline/click-model.js';
import { ctrSlice } from '../src/pipeline/feature-store.js';
import { withPipeline } from '../src/train.js';
import { capturedTerminal } from './captured-terminal.js';

const CLIP = join(import.meta.dirname, '../../../packages/encoder/test/fixtures/tiny-clip');
const terminal = capturedTerminal();
const expected = JSON.parse(await readFile(join(CLIP, 'expected.json'), 'utf8')) as { images: { file: string; vector: number[] }[] };
const D = expected.images[0]!.vector.length;
let shop: string;

/** Customers and lamps of which all but one have a picture, and one has a picture that is none. */
beforeAll(async () => {
  shop = await mkdtemp(join(tmpdir(), 'expctr-posters-'));
  const rows = Array.from({ length: 8 }, (_, customer) =>
    Array.from(
      { length: 9 },
      (_, at) => `c${customer},s${at},${(at + customer) % 2},${1_700_000_000 + 86_400 * ((at * 7) % 9)},Lamp ${at}`,
    ),
  ).flat();
  await writeFile(join(shop, 'sales.csv'), `customer,sku,bought,at,name\n${rows.join('\n')}\n`);
  await mkdir(join(shop, 'posters'));
  const pictures = (await readdir(join(CLIP, 'images'))).sort();
  for (const [at, file] of pictures.slice(0, 7).entries())
    await cp(join(CLIP, 'images', file), join(shop, 'posters', `s${at}.${file.split('.').at(-1)!}`));
  await writeFile(join(shop, 'posters', 's7.jpg'), 'no picture');
  return () => rm(shop, { recursive: true, force: true });
});

const TABLE = { user: 'customer', item: 'sku', click: 'bought', time: 'at', texts: ['name'] };

async function settings(...sets: string[]): Promise<Settings> {
  const file = join(await folder(), 'shop.json');
  const images = { folder: join(shop, 'posters'), model: CLIP };
  await writeFile(
    file,
    JSON.stringify({
      dataset: 'table',
      dataDir: join(shop, 'sales.csv'),
      data: { kCore: 0, table: TABLE, words: { noun: 'lamp', verb: 'buy', past: 'bought' } },
      llm: { model: 'generated', maxPromptTokens: 1024 },
      encoder: { model: 'hashed:16' },
      threads: 1,
      images,
    }),
  );
  return resolveConfig({ file, sets });
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'expctr-images-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

test('images of a folder are one more vector of every item, for every click model, and are kept for a resumed run', async () => {
  const run = runFolder(join(await folder(), 'run'));
  await withPipeline(await settings(), { folder: run }, async (pipeline) => {
    const basis = { backbone: 'logistic-regression', embeddingL2: 1e-5, evidence: false };
    const fit = ctrSlice(pipeline.data.interactions);
    const click = await fitClickModel(pipeline, { basis, fit, vectors: null, logged: null });
    expect(click.model.schema.features).toContainEqual(expect.objectContaining({ kind: 'dense', name: 'image', dimension: D }));
    const column = pipeline.data.features(fit, basis).columns['image'] as unknown as { data: Float32Array; index: Int32Array };
    const { item, itemIds } = pipeline.data.interactions;
    const place = Number(itemIds[item[0]!]!.slice(1));
    const vector = column.data.subarray(column.index[0]! * D, (column.index[0]! + 1) * D);
    const { vector: raw } = [...expected.images].sort((a, b) => (a.file < b.file ? -1 : 1))[place]!;
    const length = Math.hypot(...raw);
    if (place < 7) raw.forEach((value, k) => expect(vector[k]).toBeCloseTo(value / length, 4));
    else expect(vector).toEqual(new Float32Array(D));
    await click.dispose();
  });
  const kept = itemVectorsFromTable(await readTable(run.itemImages));
  expect([kept.itemIds.length, kept.dimension, kept.encoder]).toEqual([9, D, 'tiny-clip']);
  const empty = kept.itemIds.filter((_, at) => kept.data.subarray(at * D, (at + 1) * D).every((value) => value === 0));
  expect(empty.sort()).toEqual(['s7', 's8']);
  expect(await readFile(run.log, 'utf8')).toMatch(/IMAGES_MISSING.*1 has no image, s8 and 1 has an image that cannot be read, s7/u);

  const moved = await settings();
  const posters = join(shop, 'posters');
  await cp(posters, `${posters}-aside`, { recursive: true });
  await rm(posters, { recursive: true });
  try {
    await withPipeline(moved, { folder: run }, (pipeline) => {
      const column = pipeline.data.features(ctrSlice(pipeline.data.interactions), { backbone: 'fm', evidence: false }).columns['image'];
      expect(column).toMatchObject({ kind: 'dense', dimension: D, data: kept.data });
      return Promise.resolve();
    });
  } finally {
    await cp(`${posters}-aside`, posters, { recursive: true });
  }
});

test.each([
  ['images.missing=error', /ENCODER_IMAGE_MISSING.*1 of 9 items.*s8/u],
  ['images.folder="/no/such/posters"', /ENCODER_IMAGE_FOLDER.*\/no\/such\/posters/u],
  ['images.model="/no/such/clip"', /ENCODER_NOT_FOUND.*\/no\/such\/clip/u],
  ['encoder.dimensions=17', /ENCODER_OPTION.*encoder\.dimensions.*from 1 to 16/u],
  ['encoder.pca="/no/such/pca"', /ENCODER_PCA_FILE.*\/no\/such\/pca/u],
])('%s stops a run by name', async (set, message) => {
  const file = join(await folder(), 'x.json');
  const error: unknown = await settings(set)
    .then((all) => withPipeline(all, { folder: runFolder(file) }, () => Promise.resolve()))
    .catch((thrown: unknown) => thrown);
  const { code, message: text } = error as { code: string; message: string };
  expect(`${code}: ${text}`).toMatch(message);
});

test('a run has the vectors of its encoder as short as its configuration says', async () => {
  const path = join(await folder(), 'hashed.pca.arrow');
  const encoder = firstDimensions(await loadEncoder('hashed:16'), 8);
  const texts = ['likes lamps', 'avoids lamps', 'likes blue lamps', 'avoids red ones', 'likes red ones'];
  await savePca(path, fitPca(await encoder.encode(texts), { components: 3, encoder }));
  const short = await settings('images.folder=null', 'encoder.dimensions=8', `encoder.pca=${path}`);
  await withPipeline(short, { folder: runFolder(join(await folder(), 'run')) }, ({ models, data }) => {
    expect([models.encoder.dimension, models.vectors.dimension, models.encoder.name]).toEqual([3, 3, 'hashed:16/8/pca3']);
    expect(data.features(ctrSlice(data.interactions), { backbone: 'fm', evidence: false }).columns).not.toHaveProperty('image');
    return Promise.resolve();
  });
});

test('--help names the options of images and of shorter vectors', async () => {
  expect(await main(['--help'])).toBe(0);
  for (const option of ['images.folder', 'images.model', 'images.dtype', 'images.missing', 'encoder.dimensions', 'encoder.pca'])
    expect(terminal.said).toContain(option);
});
