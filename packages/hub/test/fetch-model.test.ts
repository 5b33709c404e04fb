import { createHash } from 'node:crypto';
import { lstat, mkdir, readFile, readlink, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startFakeHub } from '@expctr/test-support';
import { expect, test } from 'vitest';
import { lacksFile, type DownloadProgress } from '../src/index.js';
import { fetchModel } from '../src/fetch-model.js';
import { contentOf, fetchFrom, FILES, ID, leftovers, stage, WEIGHTS } from './support.js';

const here = stage();
const sha256 = createHash('sha256').update(WEIGHTS).digest('hex');

test('a model comes into the cache as Python lays it out, and only the files that are needed', async () => {
  const { folder, commit, id } = await fetchFrom(here);
  const root = join(here.cacheDir, 'models--org--model');
  expect({ folder, commit, id }).toEqual({ folder: join(root, 'snapshots', here.commit), commit: here.commit, id: ID });
  expect(await contentOf(folder)).toEqual({
    'config.json': FILES['config.json'],
    'tokenizer.json': FILES['tokenizer.json'],
    'model.safetensors': Buffer.from(WEIGHTS).toString('latin1'),
  });
  expect(await readlink(join(folder, 'model.safetensors'))).toBe(`../../blobs/${sha256}`);
  expect(await readFile(join(root, 'refs/main'), 'utf8')).toBe(here.commit);
  expect(await leftovers(here)).toEqual([]);
});

test('a model in the cache is used without a request, also when the branch moves on; a commit names another one', async () => {
  await fetchFrom(here);
  const next = here.hub.publish(ID, { ...FILES, 'config.json': '{"a":2}' });
  here.hub.requests.length = 0;
  expect((await fetchFrom(here)).commit).toBe(here.commit);
  expect(here.hub.requests).toEqual([]);
  const { folder } = await fetchFrom(here, { name: `${ID}@${next}` });
  expect(await readFile(join(folder, 'config.json'), 'utf8')).toBe('{"a":2}');
  // what both commits have is not fetched again
  expect(here.hub.requests.filter(({ path }) => path.includes('/resolve/')).map(({ path }) => path.split('/').at(-1))).toEqual([
    'config.json',
  ]);
  here.hub.requests.length = 0;
  expect((await fetchFrom(here, { name: `${ID}@${next}`, offline: true })).folder).toBe(folder);
  expect(here.hub.requests).toEqual([]);
});

test('what Python has put into the cache is found without a network', async () => {
  const root = join(here.cacheDir, 'models--org--model');
  const folder = join(root, 'snapshots', here.commit);
  await mkdir(join(root, 'blobs'), { recursive: true });
  await mkdir(join(root, 'refs'));
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(FILES)) {
    await writeFile(join(root, 'blobs', `hash-${name}`), content);
    await symlink(`../../blobs/hash-${name}`, join(folder, name));
  }
  await writeFile(join(root, 'refs/main'), here.commit);
  expect((await fetchFrom(here)).folder).toBe(folder);
  expect((await fetchFrom(here, { offline: true })).folder).toBe(folder);
  expect(here.hub.requests).toEqual([]);
  await unlink(join(root, 'blobs/hash-model.safetensors')); // a pointer to nothing is no file
  await expect(fetchFrom(here, { offline: true })).rejects.toMatchObject({
    code: 'HUB_OFFLINE',
    message: expect.stringContaining('model.safetensors') as string,
  });
  expect(await contentOf((await fetchFrom(here)).folder)).toMatchObject({ 'model.safetensors': Buffer.from(WEIGHTS).toString('latin1') });
});

test('offline, a model that is not there names the folder where it would be', async () => {
  await expect(fetchFrom(here, { offline: true })).rejects.toMatchObject({
    code: 'HUB_OFFLINE',
    message: expect.stringContaining(join(here.cacheDir, 'models--org--model')) as string,
  });
  expect(here.hub.requests).toEqual([]);
});

test('files that an index names come after it, and progress counts each lot to its end', async () => {
  here.hub.publish('org/shards', { 'a.index': 'one.bin two.bin', 'one.bin': '111', 'two.bin': '22222', 'three.bin': '3' });
  const seen: DownloadProgress[] = [];
  const { folder } = await fetchModel(
    { id: 'org/shards', revision: 'main' },
    async (files) => {
      const { model, names } = files;
      const shards = (await files.read('a.index'))?.split(' ') ?? [];
      if (!names.includes('a.index') || shards.some((name) => !names.includes(name)))
        throw lacksFile('a shard is missing', { where: model });
      return ['a.index', ...shards];
    },
    { endpoint: here.hub.url, cacheDir: here.cacheDir, onProgress: (progress) => seen.push(progress) },
  );
  expect(Object.keys(await contentOf(folder)).sort()).toEqual(['a.index', 'one.bin', 'two.bin']);
  const ends = seen.filter(({ bytes, total }) => bytes === total).map(({ total }) => total);
  expect([...new Set(ends)]).toEqual([15, 8]);
});

test('a model without a needed file is refused before anything is fetched', async () => {
  here.hub.publish(ID, { 'config.json': '{}', 'tokenizer.json': '{}', 'pytorch_model.bin': 'x' });
  await expect(fetchFrom(here)).rejects.toMatchObject({
    code: 'HUB_FILE_MISSING',
    message: expect.stringContaining('model.safetensors') as string,
  });
  expect(here.hub.requests).toHaveLength(1);
});

test('a mirror whose listing has no hashes is asked for those of each file', async () => {
  here.hub.behavior.bareListings = true;
  const { folder } = await fetchFrom(here);
  expect(await readlink(join(folder, 'model.safetensors'))).toBe(`../../blobs/${sha256}`);
  expect(here.hub.requests.filter(({ method }) => method === 'HEAD')).toHaveLength(3);
});

test('so is one that redirects files to a storage server, of which each file has its hash in the first answer', async () => {
  const storage = await startFakeHub();
  storage.publish(ID, FILES);
  Object.assign(here.hub.behavior, { bareListings: true, storage: storage.url });
  const { folder } = await fetchFrom(here, { endpoint: `${here.hub.url}/` });
  expect(await readlink(join(folder, 'model.safetensors'))).toBe(`../../blobs/${sha256}`);
  await storage.close();
});

test('a file of another length in a snapshot is replaced', async () => {
  const { folder } = await fetchFrom(here);
  await unlink(join(folder, 'config.json'));
  await writeFile(join(folder, 'config.json'), '{"a"'); // cut, as a copy of the folder may be
  await unlink(join(folder, 'tokenizer.json'));
  await fetchFrom(here);
  expect(await readFile(join(folder, 'config.json'), 'utf8')).toBe(FILES['config.json']);
  expect((await lstat(join(folder, 'config.json'))).isSymbolicLink()).toBe(true);
});

test('two at once fetch each file once', async () => {
  here.hub.behavior.faults.push({ file: 'model.safetensors', fault: { piece: 8_192 } });
  const both = await Promise.all([fetchFrom(here), fetchFrom(here)]);
  expect(both[0]).toEqual(both[1]);
  expect(here.hub.requests.filter(({ path }) => path.endsWith('/model.safetensors'))).toHaveLength(1);
  expect(await leftovers(here)).toEqual([]);
});

test('a model larger than the disk is refused before it is fetched', async () => {
  here.hub.behavior.listingFaults.push({
    status: 200,
    body: JSON.stringify({
      sha: here.commit,
      siblings: Object.keys(FILES).map((rfilename) => ({ rfilename, size: 2 ** 52, blobId: 'a'.repeat(40) })),
    }),
  });
  await expect(fetchFrom(here)).rejects.toMatchObject({ code: 'HUB_NO_SPACE', message: expect.stringContaining(here.cacheDir) as string });
  expect(here.hub.requests).toHaveLength(1);
});

test('a cache that cannot be written is said to be so', async () => {
  await writeFile(join(here.cacheDir, 'file'), '');
  const cacheDir = join(here.cacheDir, 'file/cache');
  await expect(fetchFrom(here, { cacheDir })).rejects.toMatchObject({
    code: 'FILE_NOT_A_FOLDER',
    message: expect.stringContaining(here.cacheDir) as string,
  });
});

test('an option that is none is refused', async () => {
  await expect(fetchFrom(here, { cacheFolder: 'x' } as object)).rejects.toMatchObject({ code: 'OPTIONS_UNKNOWN' });
});
