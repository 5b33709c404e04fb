import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hubEnvironment } from '@expctr/hub';
import { startFakeHub, type FakeHub } from '@expctr/test-support';
import { writeRandomLlama } from '@expctr/testbed';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseConfig } from '../src/config/resolve.js';
import type { Models } from '../src/pipeline/models.js';
import { modelAndRevision, pinModels } from '../src/pipeline/pin-models.js';
import { openRunFolder } from '../src/run/open-run.js';
import { silentProgress } from '@expctr/app-kit';
import { withPipeline } from '../src/train.js';
import { freshFolder, tinySettings } from './tiny-run.js';

let server: FakeHub;
let home = '';
let commit = '';

/** What the command line makes of its environment. */
const hub = async (more: Record<string, string> = {}) => ({
  ...(await hubEnvironment({ HF_HOME: home, HF_ENDPOINT: server.url, ...more })),
  pauseMs: 1,
});
const settings = async (...sets: string[]) => ({ ...(await tinySettings('llm.model=org/llama', ...sets)), hub: await hub() });

beforeEach(async () => {
  server = await startFakeHub();
  home = await mkdtemp(join(tmpdir(), 'expctr-hf-home-'));
  const llama = join(home, 'llama');
  await writeRandomLlama(llama, { seed: 3 });
  commit = await server.publishFolder('org/llama', llama);
});
afterEach(() => server.close());

/** Four tokens that the language model writes. */
async function written({ policy }: Models): Promise<string> {
  const prompt = policy.tokenizer.encode({ form: 'completion', text: 'Movie:' });
  const [completion] = await policy.generate([prompt], { maxNewTokens: 4, stopTokenIds: [], seed: [1], temperature: 1 });
  return policy.tokenizer.decode(completion!.tokens);
}

test(
  'a run loads its language model by id, keeps its commit, and loads that when it goes on, without a network',
  { timeout: 60_000 },
  async () => {
    const folder = await freshFolder();
    const given = await settings();
    const text = await withPipeline(given, { folder }, async ({ run, models }) => {
      expect(run.config.llm.model).toBe(`org/llama@${commit}`);
      return written(models);
    });
    const kept = JSON.parse(await readFile(folder.config, 'utf8')) as { llm: { model: string } };
    expect(kept.llm.model).toBe(`org/llama@${commit}`);

    // the branch moves on, here and there, and then there is no network
    const other = server.publish('org/llama', { 'config.json': '{}', 'tokenizer.json': '{}', 'model.safetensors': '' });
    await writeFile(join(home, 'hub/models--org--llama/refs/main'), other);
    const offline = await hub({ HF_HUB_OFFLINE: '1' });
    server.requests.length = 0;
    const again = await withPipeline({ ...(await openRunFolder(folder.root)), hub: offline }, { folder }, async ({ models }) => {
      return written(models);
    });
    expect(again).toBe(text);
    expect(server.requests).toEqual([]);
  },
);

test('without a network nothing is begun, and the error says what to do', async () => {
  const folder = await freshFolder();
  await server.close();
  await expect(withPipeline(await settings(), { folder }, () => Promise.resolve())).rejects.toMatchObject({
    code: 'HUB_UNREACHABLE',
    message: expect.stringContaining(join(home, 'hub')) as string,
  });
  await expect(readdir(folder.root)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('an encoder is pinned with the words that named it', async () => {
  const { config, registry } = await settings();
  const pinned = async (spec: string) => {
    const settings = { ...parseConfig({ ...config, encoder: { model: spec } }, registry), hub: await hub() };
    return (await pinModels(settings, silentProgress, undefined)).config.encoder.model;
  };
  const encoder = server.publish('org/encoder', {
    'config.json': '',
    'tokenizer.json': '',
    'tokenizer_config.json': '',
    'onnx/model.onnx': '',
  });
  expect(await pinned('org/encoder')).toBe(`org/encoder@${encoder}`);
  expect(await pinned('transformers:org/encoder')).toBe(`transformers:org/encoder@${encoder}`);
  expect(await pinned(`org/encoder@${encoder}`)).toBe(`org/encoder@${encoder}`);
  expect(await pinned('hashed:16')).toBe('hashed:16');
});

test('a stop while a model is fetched is no failure of the run', async () => {
  const controller = new AbortController();
  server.behavior.faults.push({ file: 'model.safetensors', fault: { piece: 4_096 } });
  const given = await settings();
  const progress = { ...given.hub, onProgress: () => controller.abort() };
  await expect(pinModels({ ...given, hub: progress }, silentProgress, controller.signal)).rejects.toMatchObject({
    code: 'HUB_INTERRUPTED',
  });
});

test('a program that has the model from the hub itself is told the commit apart', async () => {
  expect(await modelAndRevision(`org/llama@${commit}`)).toEqual({ model: 'org/llama', revision: commit });
  for (const name of ['testbed', 'models/x', '/models/a@b', './x@y']) expect(await modelAndRevision(name)).toEqual({ model: name });
});
