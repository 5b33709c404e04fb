import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { main } from '../src/main.js';
import { capturedTerminal } from './captured-terminal.js';

/** What the command line does on wrong use and bad input: exit status, one helpful line, and no run folder left behind. */
describe('expctr-train', () => {
  let folder: string;
  let out: string;
  const terminal = capturedTerminal();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'expctr-cli-'));
    out = join(folder, 'run');
  });

  const tiny = ['--preset', 'demo', '--set', 'data.maxInteractions=60', '--set', 'reader.form=continuation'];

  test('a dataset without its folder is wrong use', async () => {
    expect(await main(['--dataset', 'movielens', '--out', out])).toBe(2);
    expect(terminal.said).toContain('--data-dir');
    expect(existsSync(out)).toBe(false);
  });

  test('a missing data folder is wrong use, and named, and leaves no run folder', async () => {
    expect(await main(['--dataset', 'movielens', '--data-dir', join(folder, 'absent'), '--out', out])).toBe(2);
    expect(terminal.said).toContain('absent');
    expect(existsSync(out)).toBe(false);
  });

  test('an unknown dataset, backbone or algorithm is wrong use, with the names that there are, before anything is done', async () => {
    for (const [flag, wrong, right] of [
      ['--dataset', 'movielenz', 'movielens'],
      ['--backbone', 'deepfn', 'deepfm'],
      ['--algorithm', 'pp', 'ppo'],
    ] as const) {
      terminal.said = '';
      expect(await main([...tiny, flag, wrong, '--out', out])).toBe(2);
      expect(terminal.said).toContain(right);
    }
    expect(existsSync(out)).toBe(false);
  });

  test.each([
    ['is missing', null, 'PLUGIN_NOT_FOUND'],
    ['throws while it is loaded', 'throw new Error("on purpose")', 'PLUGIN_BROKEN'],
    ['exports nothing', 'export {}', 'PLUGIN_BROKEN'],
    [
      'has a name that exists',
      'export const plugin = { name: "x", samplers: [{ name: "policy", description: "", options: { shape: {}, safeParse() {} } }] }',
      'PLUGIN_CLASH',
    ],
  ])('a plug-in that %s is wrong use: one line, no stack', async (_, text, code) => {
    const module = join(folder, 'plugin.js');
    if (text !== null) await writeFile(module, text);
    for (const more of [[], ['--help'], ['--schema']]) {
      terminal.said = '';
      expect(await main([...tiny, '--plugin', module, '--out', out, ...more])).toBe(2);
      expect(terminal.said.trimEnd().split('\n')).toHaveLength(1);
      expect(terminal.said).toContain(code);
      expect(terminal.said).toContain('plugin.js');
    }
    expect(existsSync(out)).toBe(false);
  });

  test('--help lists what a plug-in brings with its options', async () => {
    const module = join(import.meta.dirname, 'fixtures', 'plugins', 'every-kind.js');
    expect(await main(['--plugin', module, '--help'])).toBe(0);
    for (const text of [
      'every-kind 1.2.3',
      'my-fm',
      'FM by another name',
      'ctr.mine',
      'rewards.brevity.tokens',
      'from here on it pays nothing',
    ]) {
      expect(terminal.said).toContain(text);
    }
  });

  test('a missing language model is wrong use, and named, and leaves no run folder', async () => {
    expect(await main([...tiny, '--llm', join(folder, 'no-model'), '--out', out])).toBe(2);
    expect(terminal.said).toContain('no-model');
    expect(existsSync(out)).toBe(false);
  });

  test('a missing encoder is wrong use, and named, and leaves no run folder', async () => {
    await mkdir(join(folder, 'no-encoder'));
    expect(await main([...tiny, '--encoder', join(folder, 'no-encoder'), '--out', out])).toBe(2);
    expect(terminal.said).toContain('no-encoder');
    expect(existsSync(out)).toBe(false);
  });

  test('a template file that is damaged is wrong use, and named', async () => {
    const template = join(folder, 'mine.json');
    await writeFile(template, '{"kind": "lc"}');
    expect(await main([...tiny, '--set', `prompt.lc=${template}`, '--out', out])).toBe(2);
    expect(terminal.said).toContain('mine.json');
  });

  test('an output folder that is not empty is wrong use that names --resume', async () => {
    await mkdir(out);
    await writeFile(join(out, 'mine.txt'), 'keep');
    expect(await main([...tiny, '--out', out])).toBe(2);
    expect(terminal.said).toContain('--resume');
    expect(await readdir(out)).toEqual(['mine.txt']);
  });

  test('an unknown option is wrong use with the nearest name', async () => {
    expect(await main([...tiny, '--set', 'ppo.learningrate=1', '--out', out])).toBe(2);
    expect(terminal.said).toContain('ppo.learningRate');
  });

  test('a form that the LC template lacks is wrong use', async () => {
    expect(await main([...tiny, '--set', 'reader.form=continuatoin', '--out', out])).toBe(2);
    expect(terminal.said).toContain('continuation');
  });

  test('resuming what is no run, or with other options, is wrong use', async () => {
    expect(await main(['--resume', join(folder, 'nothing')])).toBe(2);
    expect(await main(['--resume', folder, '--preset', 'demo'])).toBe(2);
    expect(terminal.said).toContain('--preset');
    expect(await main([...tiny, '--repair', '--out', out])).toBe(2);
    expect(terminal.said).toContain('--resume');
  });

  test('a reader that cannot read stops the run with 1 and names reader.onFail', async () => {
    expect(await main([...tiny, '--set', 'reader.onFail=stop', '--out', out])).toBe(1);
    expect(terminal.said).toContain('reader.onFail');
  }, 60_000);

  test('--schema prints a JSON Schema', async () => {
    expect(await main(['--schema'])).toBe(0);
    expect(JSON.parse(terminal.said)).toMatchObject({ type: 'object' });
  });
});
