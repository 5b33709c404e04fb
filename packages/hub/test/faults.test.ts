import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { startFakeHub, type HubFault } from '@expctr/test-support';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrival, contentOf, fetchFrom, FILES, ID, leftovers, stage, WEIGHTS } from './support.js';

const here = stage();
const weights = Buffer.from(WEIGHTS).toString('latin1');
const fault = (...faults: readonly HubFault[]): void => {
  here.hub.behavior.faults.push(...faults.map((one) => ({ file: 'model.safetensors', fault: one })));
};
const ranges = () => here.hub.requests.filter(({ path }) => path.endsWith('/model.safetensors')).map(({ range }) => range);
const complete = async () => {
  expect((await contentOf((await fetchFrom(here)).folder))['model.safetensors']).toBe(weights);
  expect(await leftovers(here)).toEqual([]);
};
/** The error, and that nothing of the file is in place. */
const failure = async (code: string, ...words: readonly string[]) => {
  const error: unknown = await fetchFrom(here).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code, name: 'HubError' });
  for (const word of [...words, 'To mend it']) expect((error as Error).message).toContain(word);
  const placed = await readdir(join(here.cacheDir, 'models--org--model/snapshots', here.commit)).catch(() => []);
  expect(placed).not.toContain('model.safetensors');
  await expect(fetchFrom(here, { offline: true })).rejects.toMatchObject({ code: 'HUB_OFFLINE' });
};

test('a broken connection is gone on with where it broke', async () => {
  const small = FILES['config.json'].length + FILES['tokenizer.json'].length;
  const [first, second] = [arrival(small + 20_000), arrival(small + 50_000)];
  fault({ dropAfter: 20_000, dropWhen: first.arrived }, { dropAfter: 30_000, dropWhen: second.arrived });
  const { folder } = await fetchFrom(here, {
    onProgress: (progress) => {
      first.onProgress(progress);
      second.onProgress(progress);
    },
  });
  expect((await contentOf(folder))['model.safetensors']).toBe(weights);
  expect(ranges()).toEqual([undefined, 'bytes=20000-', 'bytes=50000-']);
});

/** A download that ends with so many bytes in the part; the name of that file. */
const broken = async (bytes: number, commit = here.commit) => {
  const { arrived, onProgress } = arrival(bytes);
  fault({ dropAfter: bytes, dropWhen: arrived }, ...Array.from({ length: 5 }, () => ({ dropAfter: 0 })));
  await expect(fetchFrom(here, { name: `${ID}@${commit}`, onProgress })).rejects.toMatchObject({
    code: 'HUB_UNREACHABLE',
    message: expect.stringMatching(/breaks off.*start again/) as string,
  });
  here.hub.behavior.faults = [];
  here.hub.requests.length = 0;
  return join(here.cacheDir, 'models--org--model/blobs', (await leftovers(here))[0]!);
};

test('so is one that broke in an earlier process, whose lock it left', async () => {
  const part = await broken(10_000);
  await expect(fetchFrom(here, { offline: true })).rejects.toMatchObject({ code: 'HUB_OFFLINE' });
  await writeFile(part.replace('part', 'lock'), JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), token: 'x' }));
  await complete();
  expect(ranges()).toEqual(['bytes=10000-']);
});

test('a server without ranges sends all of it again', async () => {
  fault({ dropAfter: 20_000 }, { noRanges: true });
  await complete();
});

test('wherever connections break, the file is the file', async () => {
  const faults = fc.array(fc.record({ dropAfter: fc.nat(70_000), noRanges: fc.boolean(), chunked: fc.boolean() }), { maxLength: 4 });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(faults, async (some) => {
      const content = Buffer.concat([WEIGHTS, Buffer.from(String((round += 1)))]);
      const commit = here.hub.publish(ID, { ...FILES, 'model.safetensors': content });
      here.hub.behavior.faults = some.map((one) => ({ file: 'model.safetensors', fault: one }));
      const { folder } = await fetchFrom(here, { name: `${ID}@${commit}` });
      expect((await readFile(join(folder, 'model.safetensors'))).equals(content)).toBe(true);
      expect(await leftovers(here)).toEqual([]);
    }),
    { numRuns: 10 },
  );
});

test.each([30_000, 65_536, 100_000])(
  'a part of %d bytes that are not its own is thrown away, and the file fetched anew',
  async (length) => {
    const part = await broken(10_000);
    await writeFile(part, Buffer.alloc(length));
    await complete();
  },
);

test.each<[string, HubFault]>([
  ['other content of the same length', { content: WEIGHTS.map((byte) => byte ^ 1) }],
  ['a shorter file', { content: WEIGHTS.subarray(1) }],
  ['a longer file', { content: Buffer.concat([WEIGHTS, WEIGHTS]) }],
  ['a longer file without a length', { content: Buffer.concat([WEIGHTS, WEIGHTS]), chunked: true }],
])('%s is never put in place', async (_, wrong) => {
  fault(wrong, wrong, wrong, wrong, wrong, wrong);
  await failure('HUB_WRONG_FILE', 'model.safetensors');
  expect(await leftovers(here)).toEqual([]);
});

test('a small text is verified like the weights', async () => {
  here.hub.behavior.faults.push({ file: 'config.json', fault: { content: Buffer.from('{"a":2}') } });
  await failure('HUB_WRONG_FILE', 'config.json');
});

test('a connection on which nothing comes counts as broken; a slow one does not', async () => {
  fault({ stallAfter: 20_000 }, { piece: 4_000 });
  const { folder } = await fetchFrom(here, { idleMs: 50 });
  expect((await contentOf(folder))['model.safetensors']).toBe(weights);
  expect(ranges()).toEqual([undefined, 'bytes=20000-']);
});

test('a busy server is asked again when it says, and given up in the end', async () => {
  here.hub.behavior.listingFaults.push({ status: 429, headers: { 'retry-after': '1' } }, { status: 503 });
  fault({ status: 503 }, { status: 500 });
  const started = performance.now();
  await complete();
  expect(performance.now() - started).toBeGreaterThan(990);
  here.hub.publish('org/busy', FILES);
  here.hub.behavior.listingFaults.push(...Array.from({ length: 5 }, () => ({ status: 503 })));
  await expect(fetchFrom(here, { name: 'org/busy' })).rejects.toMatchObject({
    code: 'HUB_BUSY',
    message: expect.stringContaining('503') as string,
  });
  here.hub.behavior.listingFaults.push({ status: 429, headers: { 'retry-after': '3600' } });
  await expect(fetchFrom(here, { name: 'org/busy' })).rejects.toMatchObject({
    code: 'HUB_BUSY',
    message: expect.stringContaining('60 minutes') as string,
  });
});

test.each<[string, { status: number; headers?: Record<string, string>; body?: string }, string | undefined, string, string]>([
  ['a model that is not there', { status: 404 }, undefined, 'HUB_NOT_FOUND', 'neither such a folder'],
  ['one that is not there for strangers', { status: 401 }, undefined, 'HUB_NOT_FOUND', 'HF_TOKEN'],
  [
    'a revision that is not there',
    { status: 404, headers: { 'x-error-code': 'RevisionNotFound' } },
    undefined,
    'HUB_NOT_FOUND',
    'revision',
  ],
  ['a gated model', { status: 401, headers: { 'x-error-code': 'GatedRepo' } }, undefined, 'HUB_DENIED', 'accept the terms'],
  ['a token without the right', { status: 403 }, 'hf_x', 'HUB_DENIED', 'token'],
  ['a token that is none', { status: 401 }, 'hf_x', 'HUB_DENIED', 'does not accept the token'],
  ['a teapot', { status: 418 }, undefined, 'HUB_BAD_ANSWER', '418'],
  ['a login page', { status: 200, body: '<html>sign in' }, undefined, 'HUB_BAD_ANSWER', '<html>'],
  ['half a listing', { status: 200, body: '{"sha": "' }, undefined, 'HUB_BAD_ANSWER', 'JSON'],
  ['no commit', { status: 200, body: '{"sha": "main", "siblings": []}' }, undefined, 'HUB_BAD_ANSWER', 'commit'],
  ['no files', { status: 200, body: `{"sha": "${'a'.repeat(40)}"}` }, undefined, 'HUB_BAD_ANSWER', 'lists no files'],
])('%s', async (_, listing, token, code, word) => {
  here.hub.behavior.listingFaults.push(listing);
  const error: unknown = await fetchFrom(here, token === undefined ? {} : { token }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code, message: expect.stringContaining(word) as string });
  expect((error as Error).message).not.toContain('hf_x');
  expect(await readdir(here.cacheDir)).toEqual([]);
});

test.each(['../x', 'a/../../x', '/etc/x', 'C:/x', 'a\\..\\x', 'a//b', './x', 'a\u001b[2J', ''])(
  'a file named %j is refused',
  async (name) => {
    here.hub.behavior.extraNames = [name];
    await expect(fetchFrom(here)).rejects.toMatchObject({ code: 'HUB_UNSAFE_NAME' });
    expect(await readdir(here.cacheDir)).toEqual([]);
  },
);

test('the token goes to the endpoint, and not to a server that it redirects to', async () => {
  const storage = await startFakeHub();
  storage.publish(ID, FILES);
  here.hub.behavior.token = 'hf_secret';
  here.hub.behavior.storage = storage.url;
  await fetchFrom(here, { token: 'hf_secret' });
  expect(here.hub.requests.every(({ token }) => token === 'hf_secret')).toBe(true);
  expect(storage.requests).toHaveLength(3);
  expect(storage.requests.every(({ token }) => token === undefined)).toBe(true);
  await storage.close();
});

test('without a network the error says every way out', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const error: unknown = await fetchFrom(here, { endpoint: `http://127.0.0.1:${port}` }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'HUB_UNREACHABLE', where: ID });
  for (const word of ['ECONNREFUSED', here.cacheDir, 'HF_ENDPOINT', 'folder']) expect((error as Error).message).toContain(word);
});

test('an interrupted download is gone on with', async () => {
  const controller = new AbortController();
  fault({ piece: 4_096 });
  const stopped = fetchFrom(here, {
    signal: controller.signal,
    onProgress: ({ file, bytes }) => {
      if (file === 'model.safetensors' && bytes > 20_000) controller.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: 'HUB_INTERRUPTED' });
  here.hub.requests.length = 0;
  await complete();
  expect(ranges()).toEqual([expect.stringMatching(/^bytes=[1-9]\d{3,}-$/)]);
});

test('a killed process leaves nothing that is taken for complete, and what it had is used', { timeout: 20_000 }, async () => {
  fault({ piece: 1_024 });
  const code = `import { fetchModel } from '@expctr/hub';
    await fetchModel({ id: '${ID}', revision: 'main' }, async () => ['config.json', 'tokenizer.json', 'model.safetensors'],
      { endpoint: '${here.hub.url}', cacheDir: ${JSON.stringify(here.cacheDir)},
        onProgress: ({ file, bytes }) => { if (file === 'model.safetensors' && bytes > 20000) process.kill(process.pid, 'SIGKILL'); } });`;
  const child = spawn(process.execPath, ['--conditions=@expctr/source', '--import', 'tsx/esm', '--input-type=module', '-e', code], {
    cwd: import.meta.dirname,
    stdio: 'inherit',
  });
  const [, signal] = await new Promise<[number | null, string | null]>((resolve) => child.on('exit', (...how) => resolve(how)));
  expect(signal).toBe('SIGKILL');
  await expect(fetchFrom(here, { offline: true })).rejects.toMatchObject({ code: 'HUB_OFFLINE' });
  expect((await leftovers(here)).map((name) => name.split('.')[1]).sort()).toEqual(['expctr-lock', 'expctr-part']);
  here.hub.requests.length = 0;
  await complete();
  expect(ranges()).toEqual([expect.stringMatching(/^bytes=[1-9]\d{3,}-$/)]);
});
