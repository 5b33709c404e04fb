import { startFakeHub } from '@expctr/test-support';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from '@huggingface/transformers';
import { beforeEach, expect, test, vi } from 'vitest';
import { createTransformersEncoder, encoders, loadEncoder, type TransformersEncoderOptions } from '../src/index.js';
import { fixture, fixturePath, largestDifference, temporaryFolder, tinyModel } from './support.js';

interface TinyFixture {
  readonly texts: string[];
  readonly vectors: Record<'mean' | 'cls' | 'lasttoken', number[]>[];
}
const expected = await fixture<TinyFixture>('tiny-encoder/expected.json');
const D = 8;
const open = (folder = fixturePath('tiny-encoder'), options: TransformersEncoderOptions = { pooling: 'mean' }) =>
  createTransformersEncoder(folder, options);
const failure = (folder: string, options?: TransformersEncoderOptions) => expect(open(folder, options ?? {})).rejects;

const network = vi.fn(() => Promise.reject(new Error('no network in this test')));
beforeEach(() => {
  network.mockClear();
  env.fetch = network;
});

test.each(['mean', 'cls', 'lasttoken'] as const)(
  'vectors by %s equal an independent computation, long and empty texts included',
  async (pooling) => {
    const vectors = await (await open(undefined, { pooling })).encode(expected.texts);
    expect(
      largestDifference(
        vectors,
        expected.vectors.flatMap((vector) => vector[pooling]),
      ),
    ).toBeLessThan(1e-6);
  },
);

test('a local folder is loaded without touching the network', async () => {
  await open();
  expect(network).not.toHaveBeenCalled();
});

test('texts come back in the order given, whatever their lengths, and repeated texts are computed once', async () => {
  const encoder = await open(undefined, { pooling: 'mean', batchTokens: 12 });
  const texts = ['a film', 'the user liked the sad slow film about war and love', '', 'a film', 'space', 'a film'];
  const done: [number, number][] = [];
  const together = await encoder.encode(texts, { onProgress: (...step) => done.push(step) });
  const alone = await Promise.all(texts.map((text) => encoder.encode([text])));
  expect(
    largestDifference(
      together,
      alone.flatMap((vector) => [...vector]),
    ),
  ).toBeLessThan(1e-6);
  expect(done.at(-1)).toEqual([4, 4]);
  expect(done.length).toBeGreaterThan(1);
});

test('the fixed padding and the truncation of tokenizer.json are ignored: a vector does not depend on its neighbors', async () => {
  const encoder = await open();
  const [alone, beside] = [await encoder.encode(['sad film']), await encoder.encode(['sad film', 'film '.repeat(40)])];
  expect(largestDifference(alone, beside.subarray(0, D))).toBeLessThan(1e-6);
  expect(encoder.truncated).toBe(0);
});

test('texts beyond the limit are cut before their closing token and counted, each occurrence', async () => {
  const encoder = await open(undefined, { pooling: 'lasttoken', maxTokens: 4, normalize: false });
  const cut: number[] = [];
  const vectors = await encoder.encode(['sad film', 'sad film about war', 'sad film', 'sad film about love'], {
    onTruncated: (at) => cut.push(at),
  });
  expect(cut).toEqual([1, 3]);
  expect(encoder.truncated).toBe(2);
  const rows = [0, 1, 2, 3].map((row) => vectors.subarray(row * D, (row + 1) * D));
  expect(rows[1]).toEqual(rows[0]); // [CLS] sad film [SEP], all of them: the last token is the closing one
  expect(rows[3]).toEqual(rows[0]);
  await encoder.encode(['sad film about war', 'sad film about war']);
  expect(encoder.truncated).toBe(4);
});

test('without a limit of its own an encoder reads 256 tokens', async () => {
  const encoder = await open();
  await encoder.encode(['film '.repeat(254), 'film '.repeat(255)]);
  expect(encoder.truncated).toBe(1);
});

test('a prefix stands before every text', async () => {
  const [prefixed, plain] = await Promise.all([open(undefined, { pooling: 'mean', prefix: 'the ' }), open()]);
  expect(await prefixed.encode(['film'])).toEqual(await plain.encode(['the film']));
});

test('no texts give no vectors, and a disposed encoder says so', async () => {
  const encoder = await open();
  expect(await encoder.encode([])).toEqual(new Float32Array(0));
  await encoder.dispose?.();
  await encoder.dispose?.();
  await expect(encoder.encode(['film'])).rejects.toMatchObject({ code: 'ENCODER_DISPOSED' });
});

test('pooling comes from the option, else from sentence-transformers’ files, else from the family, else is required', async () => {
  const folder = await tinyModel('some-bge-small-model');
  const text = [expected.texts[1]!];
  expect(largestDifference(await (await open(folder, {})).encode(text), expected.vectors[1]!.cls)).toBeLessThan(1e-6);

  await mkdir(join(folder, '1_Pooling'));
  await writeFile(join(folder, '1_Pooling/config.json'), '{"pooling_mode": "lasttoken"}');
  await writeFile(
    join(folder, 'modules.json'),
    JSON.stringify([
      { path: '', type: 'm.Transformer' },
      { path: '1_Pooling', type: 'm.Pooling' },
    ]),
  );
  const fromFiles = await open(folder, {});
  expect(fromFiles.normalized).toBe(false);
  const raw = await fromFiles.encode(text);
  const length = Math.hypot(...raw);
  expect(
    largestDifference(
      raw.map((x) => x / length),
      expected.vectors[1]!.lasttoken,
    ),
  ).toBeLessThan(1e-6);
  expect(Math.abs(length - 1)).toBeGreaterThan(0.01);

  const fromOption = await open(folder, { pooling: 'mean' });
  expect(largestDifference(await fromOption.encode(text), expected.vectors[1]!.mean)).toBeLessThan(1e-6);

  const unknown = await tinyModel('some-model');
  await failure(unknown).toMatchObject({ code: 'ENCODER_POOLING_REQUIRED', message: expect.stringContaining('encoder.pooling') as string });
});

test('the identity changes with settings and files, not with the place', async () => {
  const [here, there] = [await tinyModel('m'), await tinyModel('m')];
  const identity = async (folder: string, options: TransformersEncoderOptions) => (await open(folder, options)).identity;
  const base = await identity(here, { pooling: 'mean' });
  expect(await identity(there, { pooling: 'mean', threads: 1 })).toBe(base);
  expect(await identity(here, { pooling: 'cls' })).not.toBe(base);
  expect(await identity(here, { pooling: 'mean', maxTokens: 100 })).not.toBe(base);
  await writeFile(join(there, 'config.json'), JSON.stringify({ model_type: 'bert', max_position_embeddings: 64 }));
  expect(await identity(there, { pooling: 'mean' })).not.toBe(base);
});

test.each([
  [{ pooling: 'sum' }, 'encoder.pooling'],
  [{ pooling: 'mean', dtype: 'fp8' }, 'encoder.dtype'],
  [{ pooling: 'mean', maxTokens: 2 }, 'encoder.maxTokens'],
  [{ pooling: 'mean', maxTokens: 513 }, 'encoder.maxTokens'],
  [{ pooling: 'mean', batchTokens: 0 }, 'encoder.batchTokens'],
])('%j is refused by name', async (options, name) => {
  await failure(fixturePath('tiny-encoder'), options as TransformersEncoderOptions).toMatchObject({
    code: 'ENCODER_OPTION',
    message: expect.stringContaining(name) as string,
  });
});

test('a missing file is named, with what is there instead', async () => {
  const folder = await tinyModel('m');
  await failure(folder, { pooling: 'mean', dtype: 'q8' }).toMatchObject({
    code: 'ENCODER_FILE_MISSING',
    where: join(folder, 'onnx/model_quantized.onnx'),
    remedy: expect.stringContaining('model.onnx') as string,
  });
  await rm(join(folder, 'tokenizer.json'));
  await failure(folder, { pooling: 'mean' }).toMatchObject({ code: 'ENCODER_FILE_MISSING', where: join(folder, 'tokenizer.json') });
});

test('a cut ONNX file and a damaged configuration are errors that name the folder', async () => {
  const folder = await tinyModel('m');
  await writeFile(join(folder, 'onnx/model.onnx'), 'not a model');
  await failure(folder, { pooling: 'mean' }).toMatchObject({ code: 'ENCODER_LOAD', where: folder });
  await writeFile(join(folder, 'config.json'), '{');
  await failure(folder, { pooling: 'mean' }).toMatchObject({ code: 'ENCODER_LOAD', where: folder });
});

test('a path that does not exist is said to be none; so is a hub id that cannot be had', async () => {
  await failure('/no/such/folder', { pooling: 'mean' }).toMatchObject({ code: 'ENCODER_NOT_FOUND', where: '/no/such/folder' });
  const hub = { cacheDir: await temporaryFolder(), fetch: network as typeof fetch, pauseMs: 1 };
  await failure('someone/bge-small-model', { hub }).toMatchObject({
    code: 'HUB_UNREACHABLE',
    message: expect.stringMatching(/someone\/bge-small-model.*no network in this test/) as string,
  });
  await failure('someone/bge-small-model', { hub: { ...hub, offline: true } }).toMatchObject({ code: 'HUB_OFFLINE' });
});

test('ONNX files beside config.json are found too', async () => {
  const folder = await tinyModel('m');
  await rename(join(folder, 'onnx/model.onnx'), join(folder, 'model.onnx'));
  expect((await open(folder)).dimension).toBe(D);
});

test('a hub model is downloaded once, sentence-transformers’ files included, and is a local one from then on', async () => {
  const served = await tinyModel('served');
  await writeFile(
    join(served, 'modules.json'),
    JSON.stringify([
      { path: '', type: 'm.Transformer' },
      { path: '1_Pooling', type: 'm.Pooling' },
    ]),
  );
  await mkdir(join(served, '1_Pooling'));
  await writeFile(join(served, '1_Pooling/config.json'), '{"pooling_mode_cls_token": true}');
  await writeFile(join(served, 'onnx/model_quantized.onnx'), 'not needed');
  const server = await startFakeHub();
  const commit = await server.publishFolder('someone/thing', served);
  const hub = { endpoint: server.url, cacheDir: await temporaryFolder() };
  const first = await createTransformersEncoder('someone/thing', { hub });
  const vector = await first.encode(['space opera']);
  expect(server.requests.filter(({ path }) => path.endsWith('.onnx'))).toHaveLength(1);
  await server.close();
  const second = await loadEncoder(`someone/thing@${commit}`, {}, { hub });
  expect(await second.encode(['space opera'])).toEqual(vector);
  expect([second.name, second.normalized, second.identity]).toEqual(['thing', false, first.identity]);
  expect(await encoders.transformers.pin?.('someone/thing', encoders.transformers.options.parse({}), { hub })).toBe(
    `someone/thing@${commit}`,
  );
  expect(network).not.toHaveBeenCalled();
});

test('a model of the hub without the graph that is asked for names those that it has', async () => {
  const server = await startFakeHub();
  await server.publishFolder('someone/thing', await tinyModel('served'));
  const hub = { endpoint: server.url, cacheDir: await temporaryFolder() };
  await failure('someone/thing', { hub, dtype: 'q8' }).toMatchObject({
    code: 'HUB_FILE_MISSING',
    message: expect.stringMatching(/model_quantized\.onnx.*encoder\.dtype.*onnx\/model\.onnx/) as string,
  });
  await server.close();
});
