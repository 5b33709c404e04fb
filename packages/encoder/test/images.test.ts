import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { startFakeHub } from '@expctr/test-support';
import { env } from '@huggingface/transformers';
import fc from 'fast-check';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { decodeImage, loadDecoder } from '../src/images/decode.js';
import { readImageSettings } from '../src/images/image-settings.js';
import { preprocess } from '../src/images/preprocess.js';
import { resample } from '../src/images/resample.js';
import {
  imageVectors,
  loadImageEncoder,
  pinImageModel,
  itemVectorsFromTable,
  itemVectorsToTable,
  type ImageEncoder,
} from '../src/index.js';
import { loadLibrary } from '../src/transformers/library.js';
import { fixture, fixturePath, largestDifference, temporaryFolder } from './support.js';

interface ClipFixture {
  readonly images: readonly {
    readonly file: string;
    readonly bytes: string;
    readonly pixels?: string;
    readonly vector: readonly number[];
  }[];
  readonly source: string;
  readonly resized: readonly { readonly filter: number; readonly width: number; readonly height: number; readonly data: string }[];
}
const expected = await fixture<ClipFixture>('tiny-clip/expected.json');
const FOLDER = fixturePath('tiny-clip');
const IMAGES = fixturePath('tiny-clip', 'images');
const read = (file: string): Promise<Buffer> => readFile(join(IMAGES, file));
const settings = await readImageSettings((name) => readFile(join(FOLDER, name), 'utf8'));
const sharp = await loadDecoder();
const encoder = await loadImageEncoder(FOLDER, { normalize: false });
const D = encoder.dimension;
const network = vi.fn(() => Promise.reject(new Error('no network in this test')));
beforeEach(() => {
  env.fetch = network;
});
afterAll(() => encoder.dispose());

test.each(expected.images)(
  '$file becomes what transformers makes of it, byte for byte, and its vector',
  async ({ file, bytes, pixels, vector }) => {
    const { data, width, height } = preprocess(await decodeImage(await read(file), sharp), settings);
    expect([width, height]).toEqual([24, 24]);
    const { mean, deviation } = settings;
    const back = Uint8Array.from(data, (value, at) => {
      const channel = Math.floor(at / (width * height));
      return Math.round((value * deviation[channel]! + mean[channel]!) * 255);
    });
    expect(largestDifference(back, Buffer.from(bytes, 'base64'))).toBe(0);
    if (pixels !== undefined) {
      const floats = new Float32Array(Uint8Array.from(Buffer.from(pixels, 'base64')).buffer);
      expect(largestDifference(data, floats)).toBeLessThan(1e-6);
    }
    expect(largestDifference(await encoder.encode([await read(file)]), vector)).toBeLessThan(1e-4);
    expect(network).not.toHaveBeenCalled();
  },
);

test.each(expected.resized)('filter $filter to $width x $height gives the bytes that Pillow gives', ({ filter, width, height, data }) => {
  const image = { data: Buffer.from(expected.source, 'base64'), width: 33, height: 52 };
  expect(Buffer.from(resample(image, width, height, filter).data).toString('base64')).toBe(data);
});

test.each(['dinov2', 'vit', 'siglip'])(
  'a model of the kind of %s is its own processor, and what it says of the whole image',
  async (kind) => {
    const { files, vectors } = await fixture<{ files: string[]; vectors: number[][] }>(`tiny-${kind}/expected.json`);
    const model = await loadImageEncoder(fixturePath(`tiny-${kind}`), { normalize: false });
    const found = await model.encode(await Promise.all(files.map(read)));
    expect(largestDifference(found, vectors.flat())).toBeLessThan(1e-4);
    await model.dispose();
  },
);

test('an image so narrow that it would become too long is refused before it takes memory', () => {
  const narrow = { data: new Uint8Array(3e6), width: 1, height: 1_000_000 };
  expect(() => preprocess(narrow, settings)).toThrow(
    expect.objectContaining({ code: 'ENCODER_IMAGE', message: expect.stringContaining('24 x 24000000') as string }),
  );
});

test('an image of one color stays so in any size, by any filter', () => {
  const side = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(
      side,
      side,
      side,
      side,
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 255 }),
      (w, h, width, height, filter, color) => {
        const image = { data: new Uint8Array(w * h * 3).fill(color), width: w, height: h };
        const resized = resample(image, width, height, filter);
        expect(resized.data.length).toBe(width * height * 3);
        expect(resized.data.every((value) => Math.abs(value - color) <= 1)).toBe(true); // weights are rounded, too
      },
    ),
    { numRuns: 60 },
  );
});

test('a vector depends on its image alone, and has length 1 unless that is not wanted', async () => {
  const files = await Promise.all(expected.images.map(({ file }) => read(file)));
  const unit = await loadImageEncoder(FOLDER, { batchSize: 4, threads: 1 });
  const together = await unit.encode(files);
  for (const [at, file] of files.entries()) {
    const row = together.subarray(at * D, (at + 1) * D);
    expect(Math.hypot(...row)).toBeCloseTo(1, 5);
    expect(largestDifference(row, await unit.encode([file]))).toBeLessThan(1e-6);
    const length = Math.hypot(...expected.images[at]!.vector);
    expect(
      largestDifference(
        row,
        expected.images[at]!.vector.map((x) => x / length),
      ),
    ).toBeLessThan(1e-5);
  }
  expect([unit.normalized, encoder.normalized]).toEqual([true, false]);
  expect(unit.identity).not.toBe(encoder.identity);
  await unit.dispose();
  await expect(unit.encode([])).rejects.toMatchObject({ code: 'ENCODER_DISPOSED' });
});

test.each([
  ['no image', () => Buffer.from('<html>not found</html>')],
  ['nothing', () => Buffer.alloc(0)],
  ['a drawing', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>')],
  ['a hundred thousand pixels squared', (bytes: Buffer) => withSize(bytes, 100_000)],
  ['half of one', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
])('%s in the place of an image is an error, or told and given the zero vector', async (_, damage) => {
  const bytes = damage(await read('2.png'));
  await expect(encoder.encode([bytes])).rejects.toMatchObject({ code: 'ENCODER_IMAGE' });
  const told: number[] = [];
  const vectors = await encoder.encode([await read('1.jpg'), bytes], { onDamaged: (index) => told.push(index) });
  expect(told).toEqual([1]);
  expect(vectors.subarray(D)).toEqual(new Float32Array(D));
  expect(largestDifference(vectors.subarray(0, D), expected.images[0]!.vector)).toBeLessThan(1e-4);
});

/** A PNG whose header says another size. */
function withSize(png: Buffer, side: number): Buffer {
  const changed = Buffer.from(png);
  changed.writeUInt32BE(side, 16);
  changed.writeUInt32BE(side, 20);
  changed.writeUInt32BE(crc32(changed.subarray(12, 29)), 29);
  return changed;
}

/** An encoder that tells how many images reached it. */
function spy(): ImageEncoder & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    ...encoder,
    asked,
    encode(images, options) {
      asked.push(images.length);
      return encoder.encode(images, options);
    },
  };
}

test('a folder gives vectors by item: names are ids, what is missing or damaged is zero and named, and content is cached', async () => {
  const folder = join(await temporaryFolder(), 'images');
  const cache = await temporaryFolder();
  await cp(IMAGES, folder, { recursive: true });
  await writeFile(join(folder, 'broken.png'), 'no image');
  await writeFile(join(folder, 'notes.txt'), 'not looked at');
  await cp(join(folder, '2.png'), join(folder, 'twin.png'));
  const itemIds = ['2', 'absent', 'a/b', 'broken', 'twin'];
  const first = spy();
  const { data, dimension, missing, damaged } = await imageVectors(first, { folder, itemIds, cache });
  expect([dimension, missing, damaged, first.asked]).toEqual([D, ['absent'], ['broken'], [3]]);
  const rows = itemIds.map((_, at) => data.subarray(at * D, (at + 1) * D));
  const vectorOf = (file: string): readonly number[] => expected.images.find((image) => image.file === file)!.vector;
  expect(largestDifference(rows[0]!, vectorOf('2.png'))).toBeLessThan(1e-4);
  expect(rows[4]).toEqual(rows[0]);
  expect(largestDifference(rows[2]!, vectorOf('a%2Fb.jpg'))).toBeLessThan(1e-4);
  expect([rows[1], rows[3]]).toEqual([new Float32Array(D), new Float32Array(D)]);

  await rename(join(folder, '2.png'), join(folder, 'renamed.png'));
  const second = spy();
  const again = await imageVectors(second, { folder, itemIds: ['renamed', 'broken'], cache });
  expect(second.asked).toEqual([1]); // what is broken is tried anew, what has another name is known
  expect(again.data.subarray(0, D)).toEqual(rows[0]);
  expect((await imageVectors(spy(), { folder, itemIds: ['renamed'] })).data).toEqual(rows[0]);
});

test('with missing: error the first item without an image is named, and so is a file that is damaged', async () => {
  const folder = join(await temporaryFolder(), 'images');
  await cp(IMAGES, folder, { recursive: true });
  await expect(imageVectors(encoder, { folder, itemIds: ['1', '99', '98'], missing: 'error' })).rejects.toMatchObject({
    code: 'ENCODER_IMAGE_MISSING',
    message: expect.stringMatching(/2 of 3 items.*99/u) as string,
  });
  await writeFile(join(folder, '3.webp'), 'no image');
  await expect(imageVectors(encoder, { folder, itemIds: ['1', '3'], missing: 'error' })).rejects.toMatchObject({
    code: 'ENCODER_IMAGE',
    where: join(folder, '3.webp'),
  });
});

test('a folder that is not there, fits no item, or has two images of one is refused', async () => {
  const folder = join(await temporaryFolder(), 'images');
  const failure = (itemIds: readonly string[]) => expect(imageVectors(encoder, { folder, itemIds })).rejects;
  await failure(['1']).toMatchObject({ code: 'ENCODER_IMAGE_FOLDER', where: folder });
  await mkdir(folder);
  await writeFile(join(folder, 'movie-1.jpg'), await read('1.jpg'));
  await failure(['1', '2']).toMatchObject({ expected: expect.stringContaining('1.jpg, not movie-1.jpg') as string });
  await writeFile(join(folder, 'movie-1.PNG'), await read('2.png'));
  await failure(['movie-1']).toMatchObject({ code: 'ENCODER_IMAGE_FOLDER', message: expect.stringContaining('two images') as string });
});

test('vectors by item are an Arrow table and back', () => {
  const vectors = { itemIds: ['a', 'b'], data: Float32Array.from([1, 2, 3, 4]), dimension: 2, encoder: 'tiny' };
  const table = itemVectorsToTable(vectors);
  expect(itemVectorsFromTable(table)).toEqual(vectors);
  expect(table.schema.metadata.get('expctr.schema')).toBe('item-vectors/1');
  const wrong = itemVectorsToTable({ ...vectors, data: Float32Array.from([1, 2, NaN, 4]) });
  expect(() => itemVectorsFromTable(wrong)).toThrow(expect.objectContaining({ code: 'ENCODER_ITEM_VECTORS' }));
});

const clip = JSON.parse(await readFile(join(FOLDER, 'preprocessor_config.json'), 'utf8')) as Record<string, unknown>;
const settingsOf = (change: object) => readImageSettings(() => Promise.resolve(JSON.stringify({ ...clip, ...change })));

test.each([
  [{ size: 224, crop_size: 200, image_processor_type: undefined, feature_extractor_type: 'CLIPFeatureExtractor' }, { shortest: 224 }, 200],
  [{ size: 224, image_processor_type: 'ViTImageProcessorFast', do_center_crop: undefined }, { width: 224, height: 224 }, null],
  [{ size: { shortest_edge: 256 }, image_processor_type: 'SomethingImageProcessor' }, { shortest: 256 }, 24],
  [{ do_resize: false, do_center_crop: false }, null, null],
] as const)('%j resizes to %j and crops to %j', async (change, resize, crop) => {
  expect(await settingsOf(change)).toMatchObject({ resize, crop: crop === null ? null : { width: crop, height: crop } });
});

test.each([
  [{ do_pad: true }, 'ENCODER_IMAGE_PROCESSOR', 'do_pad'],
  [{ crop_pct: 0.9 }, 'ENCODER_IMAGE_PROCESSOR', 'crop_pct'],
  [{ size: { longest_edge: 300 } }, 'ENCODER_IMAGE_PROCESSOR', 'longest_edge'],
  [{ size: 224, image_processor_type: 'SomethingImageProcessor' }, 'ENCODER_IMAGE_PROCESSOR', 'size'],
  [{ resample: undefined, image_processor_type: 'SomethingImageProcessor' }, 'ENCODER_IMAGE_PROCESSOR', 'resample'],
  [{ resample: 9 }, 'ENCODER_DAMAGED_FILE', 'resample'],
  [{ size: { height: 0, width: 5 } }, 'ENCODER_DAMAGED_FILE', 'size'],
  [{ crop_size: 1e9 }, 'ENCODER_DAMAGED_FILE', 'crop_size'],
  [{ image_std: [1, 0, 1] }, 'ENCODER_DAMAGED_FILE', 'image_std'],
  [{ image_mean: [1, 2] }, 'ENCODER_DAMAGED_FILE', 'image_mean'],
  [{ do_normalize: 'yes' }, 'ENCODER_DAMAGED_FILE', 'do_normalize'],
])('preprocessor_config.json with %j is refused by name', async (change, code, name) => {
  await expect(settingsOf(change)).rejects.toMatchObject({ code, message: expect.stringContaining(name) as string });
});

test('a library that is not installed for the platform is named, with what installs it', async () => {
  const broken = () => Promise.reject(new Error('Could not load the "sharp" module using the linux-x64 runtime\nPossible solutions: …'));
  const error = {
    code: 'ENCODER_LIBRARY',
    where: 'sharp',
    remedy: expect.stringContaining('npm install --include=optional sharp') as string,
  };
  await expect(loadDecoder(broken)).rejects.toMatchObject(error);
  await expect(loadLibrary(broken)).rejects.toMatchObject(error);
});

test.each([
  [{ batchSize: 0 }, /batchSize is 0/u],
  [{ dtype: 'fp8' as 'fp16' }, /dtype is "fp8"/u],
])('%j is refused by name', async (options, message) => {
  await expect(loadImageEncoder(FOLDER, options)).rejects.toMatchObject({
    code: 'ENCODER_OPTION',
    message: expect.stringMatching(message) as string,
  });
});

test('a folder without the graph, or with another model’s settings, is refused before an image is read', async () => {
  const folder = join(await temporaryFolder(), 'clip');
  await cp(FOLDER, folder, { recursive: true });
  await writeFile(join(folder, 'preprocessor_config.json'), JSON.stringify({ ...clip, crop_size: 20 }));
  await expect(loadImageEncoder(folder)).rejects.toMatchObject({
    code: 'ENCODER_LOAD',
    message: expect.stringContaining('20 x 20') as string,
  });
  await rm(join(folder, 'onnx/vision_model.onnx'));
  await expect(loadImageEncoder(folder)).rejects.toMatchObject({ code: 'ENCODER_FILE_MISSING', where: join(folder, 'onnx/model.onnx') });
});

test('a model of the hub is fetched with its image side alone, and is known by its commit', async () => {
  const served = join(await temporaryFolder(), 'served');
  await cp(FOLDER, served, { recursive: true, filter: (path) => !path.includes('images') && !path.includes('expected') });
  await writeFile(join(served, 'onnx/model.onnx'), 'images and texts: not needed');
  const server = await startFakeHub();
  const commit = await server.publishFolder('someone/clip', served);
  const hub = { endpoint: server.url, cacheDir: await temporaryFolder() };
  expect(await pinImageModel('someone/clip', { hub })).toBe(`someone/clip@${commit}`);
  expect(server.requests.filter(({ path }) => path.endsWith('.onnx')).length).toBeLessThanOrEqual(2);
  expect((await readdir(hub.cacheDir)).length).toBeGreaterThan(0);
  await server.close();
  const same = await loadImageEncoder(`someone/clip@${commit}`, { hub, normalize: false });
  expect(await same.encode([await read('1.jpg')])).toEqual(await encoder.encode([await read('1.jpg')]));
  expect(same.name).toBe('clip');
  await same.dispose();
});
