import { mkdtemp, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join, relative, win32 } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSafeFileName } from '../src/file-name.js';
import { fetchModel, hubEnvironment, parseModelId } from '../src/index.js';

const commit = '0123456789abcdef0123456789abcdef01234567';

test.each([
  ['org/name', 'org/name', 'main'],
  ['gpt2', 'gpt2', 'main'],
  ['Org_1/na.me-2', 'Org_1/na.me-2', 'main'],
  ['org/name@v1.0', 'org/name', 'v1.0'],
  ['org/name@refs/pr/3', 'org/name', 'refs/pr/3'],
  [`org/name@${commit}`, 'org/name', commit],
])('%s is a model', (text, id, revision) => {
  expect(parseModelId(text)).toEqual({ id, revision });
});

test.each([
  '',
  '.',
  './x',
  '../x',
  '/x',
  'a/b/c',
  'a/../b',
  'org/..',
  'org/.name',
  'org/name.',
  'a--b/c',
  'org/na me',
  'x'.repeat(97),
  'models/x.gguf',
  'a\\b',
  'org/',
  '/name',
  'org/n\u0000',
  '~/x',
])('%j is none', (text) => {
  expect(parseModelId(text)).toBeNull();
});

test.each(['', '../x', 'a/../../x', '/x', 'a//b', 'x y', 'a\\b', '.x', 'x.lock', 'a\u001b'])('%j is refused as a revision', (revision) => {
  expect(() => parseModelId(`org/name@${revision}`)).toThrow(expect.objectContaining({ code: 'HUB_BAD_REVISION' }) as Error);
});

test('a name that is let through stays in its folder, on any system', () => {
  const part = fc.constantFrom('..', '.', '', 'a', 'C:', '\\', '/', 'b.json', '\u0000', '~', 'D:x', '...');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part, { maxLength: 6 }).map((parts) => parts.join('/')),
        fc.array(part).map((parts) => parts.join('')),
      ),
      (name) => {
        if (!isSafeFileName(name)) return;
        for (const { joined, from } of [
          { joined: relative('/base', join('/base', name)), from: (path: string) => isAbsolute(path) },
          { joined: win32.relative('C:\\base', win32.join('C:\\base', name)), from: (path: string) => win32.isAbsolute(path) },
        ]) {
          expect(joined === '' || joined.split(/[\\/]/)[0] === '..' || from(joined)).toBe(false);
        }
      },
    ),
    { numRuns: 2_000 },
  );
  for (const name of ['config.json', 'onnx/model.onnx', '1_Pooling/config.json', '..dots/...file', 'weird but valid/näme.txt'])
    expect(isSafeFileName(name)).toBe(true);
});

test('variables mean what they mean to Python', async () => {
  const home = await mkdtemp(join(tmpdir(), 'expctr-home-'));
  await writeFile(join(home, 'token'), 'hf_kept\n');
  const empty = { cacheDir: join(homedir(), '.cache/huggingface/hub'), offline: false };
  expect(await hubEnvironment({ HF_TOKEN_PATH: join(home, 'none') })).toEqual(empty);
  expect(await hubEnvironment({ XDG_CACHE_HOME: '/x' })).toMatchObject({ cacheDir: join('/x/huggingface/hub') });
  expect(await hubEnvironment({ HF_HOME: home, XDG_CACHE_HOME: '/x' })).toEqual({
    cacheDir: join(home, 'hub'),
    offline: false,
    token: 'hf_kept',
  });
  expect(await hubEnvironment({ HF_HOME: home, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' })).not.toHaveProperty('token');
  expect(
    await hubEnvironment({
      HF_HOME: home,
      HF_HUB_CACHE: '$ROOT/models',
      ROOT: '/disk',
      HF_TOKEN: ' hf_1 ',
      HF_ENDPOINT: 'http://mirror',
      HF_HUB_OFFLINE: 'yes',
    }),
  ).toEqual({ cacheDir: join('/disk/models'), offline: true, token: 'hf_1', endpoint: 'http://mirror' });
  expect(await hubEnvironment({ HUGGINGFACE_HUB_CACHE: '~/models', HF_TOKEN_PATH: join(home, 'none') })).toMatchObject({
    cacheDir: join(homedir(), 'models'),
  });
});

test.each<[object, string]>([
  [{ endpoint: 'mirror' }, 'HF_ENDPOINT'],
  [{ endpoint: 'file:///etc' }, 'HF_ENDPOINT'],
  [{ token: 'hf a\nb' }, 'HF_TOKEN'],
])('%j is refused by name', async (options, name) => {
  const fetching = fetchModel({ id: 'a/b', revision: 'main' }, () => Promise.resolve([]), options);
  await expect(fetching).rejects.toMatchObject({ code: 'HUB_OPTION', where: expect.stringContaining(name) as string });
});
