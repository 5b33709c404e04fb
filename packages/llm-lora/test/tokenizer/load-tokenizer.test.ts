import { modelAsset, startFakeHub } from '@expctr/test-support';
import { env } from '@huggingface/transformers';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { checkTokenizer } from '../../src/tokenizer/check-tokenizer.js';
import { loadTokenizer } from '../../src/tokenizer/load-tokenizer.js';
import { letters } from './synthetic.js';

const stories = modelAsset('stories260K');
const network = vi.fn<(url: string | URL) => Promise<Response>>();
const realFetch: typeof env.fetch = env.fetch;
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expctr-tokenizer-'));
  network.mockReset().mockRejectedValue(new TypeError('fetch failed'));
  env.fetch = network;
});

afterEach(async () => {
  env.fetch = realFetch;
  await rm(folder, { recursive: true });
});

const failure = (code: string, ...parts: string[]): Error =>
  expect.objectContaining({
    name: 'TokenizerError',
    code,
    message: expect.stringMatching(new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^]*'))) as string,
  }) as Error;

test.skipIf(stories.missing)('a folder is read without any network, and so is a model file in it', async () => {
  const byFolder = await loadTokenizer(stories.path);
  const byFile = await loadTokenizer(join(stories.path, 'model.safetensors'));
  expect(byFile.hash).toBe(byFolder.hash);
  expect(network).not.toHaveBeenCalled();
});

test('a path that is not there names what it should hold, and no hub is asked for it', async () => {
  const path = join(folder, 'nowhere');
  await expect(loadTokenizer(path)).rejects.toThrow(failure('TOKENIZER_NOT_FOUND', path, 'tokenizer.json'));
  expect(network).not.toHaveBeenCalled();
});

test('a folder without tokenizer.json says which files to download into it', async () => {
  await expect(loadTokenizer(folder)).rejects.toThrow(
    failure('TOKENIZER_NOT_FOUND', folder, 'tokenizer.json', `download both files of the model into ${folder}`),
  );
  expect(network).not.toHaveBeenCalled();
});

test.each([
  ['', 'TOKENIZER_NOT_JSON'],
  ['{"model": {"vocab": {"a"', 'TOKENIZER_NOT_JSON'],
  ['[]', 'TOKENIZER_NOT_JSON'],
  ['{}', 'TOKENIZER_UNSUPPORTED'],
  ['{"model": {"type": "BPE"}}', 'TOKENIZER_UNSUPPORTED'],
  ['{"model": {"type": "Mystery", "vocab": {"a": 0}}, "decoder": {"type": "None"}}', 'TOKENIZER_UNSUPPORTED'],
])('a damaged tokenizer.json (%j) is %s and names the file', async (text, code) => {
  await writeFile(join(folder, 'tokenizer.json'), text);
  await expect(loadTokenizer(folder)).rejects.toThrow(failure(code, folder));
});

test.skipIf(stories.missing)('special tokens written as objects, and a template in its own file, are understood', async () => {
  await cp(join(stories.path, 'tokenizer.json'), join(folder, 'tokenizer.json'));
  await writeFile(
    join(folder, 'tokenizer_config.json'),
    JSON.stringify({ eos_token: { content: '</s>', lstrip: false }, bos_token: '<s>' }),
  );
  await writeFile(
    join(folder, 'chat_template.jinja'),
    "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + eos_token }}{% endfor %}",
  );
  const tokenizer = await loadTokenizer(folder);
  expect(tokenizer.eosTokenIds).toEqual([2]);
  expect(tokenizer.hasChatTemplate).toBe(true);
  const ids = tokenizer.encode({ form: 'chat', messages: [{ role: 'user', content: 'Lily </s>' }] });
  expect(Array.from(ids).filter((id) => id === 2)).toHaveLength(1);
  expect(ids.at(-1)).toBe(2);
});

test('a hub id that cannot be fetched says what to do', async () => {
  const hub = { cacheDir: folder, fetch: network as typeof fetch, pauseMs: 1 };
  await expect(loadTokenizer('expctr-test/no-such-model', { hub })).rejects.toMatchObject({ code: 'HUB_UNREACHABLE' });
  expect(network).toHaveBeenCalled();
  network.mockClear();
  await expect(loadTokenizer('expctr-test/no-such-model', { hub: { ...hub, offline: true } })).rejects.toMatchObject({
    code: 'HUB_OFFLINE',
  });
  expect(network).not.toHaveBeenCalled();
});

test.skipIf(stories.missing)('a hub id gives the tokenizer that its files in a folder give', async () => {
  const server = await startFakeHub();
  const names = (await readdir(stories.path)).filter((name) => name.endsWith('.json'));
  const files = await Promise.all(names.map(async (name) => [name, await readFile(join(stories.path, name))] as const));
  server.publish('expctr-test/stories', Object.fromEntries(files));
  const tokenizer = await loadTokenizer('expctr-test/stories', { hub: { endpoint: server.url, cacheDir: folder } });
  await server.close();
  expect(tokenizer.name).toBe('expctr-test/stories');
  expect(tokenizer.hash).toBe((await loadTokenizer(stories.path)).hash);
});

test('a tokenizer with more tokens than the model has rows is refused, naming both', () => {
  const tokenizer = letters();
  const model = (vocabularySize: number) =>
    ({ source: 'models/other', config: { vocabularySize } }) as Parameters<typeof checkTokenizer>[1];
  expect(() => {
    checkTokenizer(tokenizer, model(tokenizer.vocabularySize - 1));
  }).toThrow(failure('TOKENIZER_MISMATCH', 'synthetic', 'models/other'));
  checkTokenizer(tokenizer, model(tokenizer.vocabularySize));
});

test.skipIf(stories.missing).each<[string, object, string | null, number[] | null]>([
  ['the file comes before the configuration', { chat_template: 'b' }, 'a', [1]],
  ['the file comes where the configuration has null', { chat_template: null }, 'a', [1]],
  ['the file comes before a list of named templates', { chat_template: [{ name: 'default', template: 'b' }] }, 'a', [1]],
  ['the configuration alone', { chat_template: 'b' }, null, [2]],
  ['the default of a list of named templates', { chat_template: [{ name: 'default', template: 'b' }] }, null, [2]],
  ['null alone is none', { chat_template: null }, null, null],
])('which chat template: %s', async (_, config, file, expected) => {
  const texts: Record<string, string> = { a: '<s>{{ messages[0].content }}', b: '</s>{{ messages[0].content }}' };
  const named = JSON.stringify(config).replace('"b"', JSON.stringify(texts['b']));
  await cp(join(stories.path, 'tokenizer.json'), join(folder, 'tokenizer.json'));
  await writeFile(join(folder, 'tokenizer_config.json'), named);
  if (file !== null) await writeFile(join(folder, 'chat_template.jinja'), texts[file]!);
  const tokenizer = await loadTokenizer(folder);
  expect(tokenizer.hasChatTemplate).toBe(expected !== null);
  if (expected === null) return;
  expect([...tokenizer.encode({ form: 'chat', messages: [{ role: 'user', content: 'Hi' }] })].slice(0, 1)).toEqual(expected);
});
