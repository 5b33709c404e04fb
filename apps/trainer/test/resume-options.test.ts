import { cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileError, sha256 } from '@expctr/core';
import { evaluateRun } from '@expctr/eval';
import { lockRun, runFolder, type RunFolder } from '@expctr/run';
import { diesAt, failsAt } from '@expctr/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { Interrupted } from '../src/pipeline/interrupt.js';
import { silentProgress, type Progress } from '@expctr/app-kit';
import { chooseRunFolder, openRunFolder } from '../src/run/open-run.js';
import { train } from '../src/train.js';
import { contentOf } from './run-content.js';
import { freshFolder, tinySettings } from './tiny-run.js';

const SETS = ['ppo.checkpointEvery=1', 'ppo.stage1Updates=1', 'ppo.stage3Updates=1', 'ctr.learningCurve=[]', 'ctr.epochs=1'];

let finished: RunFolder;
beforeAll(async () => {
  finished = await freshFolder();
  await train(await tinySettings(...SETS), { folder: finished });
}, 300_000);

/** A copy of the finished run, to be damaged. */
async function copied(): Promise<RunFolder> {
  const folder = await freshFolder();
  await cp(finished.root, folder.root, { recursive: true });
  return folder;
}

async function resume(folder: RunFolder, options: Parameters<typeof openRunFolder>[1] = {}): Promise<void> {
  const { folder: _, ...settings } = await openRunFolder(folder.root, options);
  await train(settings, { folder, repair: options.repair === true });
}

const edited = async (folder: RunFolder, edit: (config: Record<string, Record<string, unknown>>) => void): Promise<void> => {
  const config = JSON.parse(await readFile(folder.config, 'utf8')) as Record<string, Record<string, unknown>>;
  edit(config);
  await writeFile(folder.config, JSON.stringify(config));
};

describe('a run that goes on', () => {
  test.each([
    ['seed', (config: Record<string, unknown>) => (config['seed'] = 2)],
    ['ctr.backbone', (config: Record<string, Record<string, unknown>>) => (config['ctr']!['backbone'] = 'dcn-v2')],
    ['ppo.learningRate', (config: Record<string, Record<string, unknown>>) => (config['ppo']!['learningRate'] = 0.5)],
    ['reader.threshold', (config: Record<string, Record<string, unknown>>) => (config['reader']!['threshold'] = 0.9)],
    ['iterations', (config: Record<string, unknown>) => (config['iterations'] = 0)],
    ['ctr.historyL2', (config: Record<string, Record<string, unknown>>) => (config['ctr']!['historyL2'] = [3])],
  ] as [string, (config: Record<string, Record<string, unknown>>) => void][])(
    'refuses a config.json in which %s was edited, by name, and so does the report; a deleted one is written again',
    async (option, edit) => {
      const folder = await copied();
      await edited(folder, edit);
      const error = await openRunFolder(folder.root).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'RUN_CONFIG_CHANGED', where: `${folder.config}, ${option}` });
      await expect(evaluateRun(folder.root)).rejects.toMatchObject({ code: 'RUN_CONFIG_CHANGED', where: `${folder.config}, ${option}` });
      await rm(folder.config);
      expect((await openRunFolder(folder.root)).config).toEqual((await openRunFolder(finished.root)).config);
    },
  );

  test('takes what may change, and refuses the rest by name', async () => {
    const { config } = await openRunFolder(finished.root, { sets: ['threads=2', 'ppo.checkpointEvery=5', 'iterations=3'] });
    expect(config).toMatchObject({ threads: 2, iterations: 3, ppo: { checkpointEvery: 5 } });
    for (const [set, where] of [
      ['seed=4', '--resume, seed'],
      ['ctr.epochs=9', '--resume, ctr.epochs'],
      ['iterations=0', '--resume, iterations'],
    ]) {
      await expect(openRunFolder(finished.root, { sets: [set!] })).rejects.toMatchObject({
        code: 'RUN_CONFIG_CHANGED',
        where,
        wrongUse: true,
      });
    }
    await expect(openRunFolder(finished.root, { flags: { seed: 4 } })).rejects.toMatchObject({ where: '--resume, seed' });
    await expect(openRunFolder(finished.root, { sets: ['iteration=2'] })).rejects.toMatchObject({ code: 'CONFIG_UNKNOWN_OPTION' });
  });

  test('refuses settings of a program that are of another run', async () => {
    await expect(train(await tinySettings(...SETS, 'seed=5'), { folder: finished })).rejects.toMatchObject({
      code: 'RUN_CONFIG_CHANGED',
      where: 'seed',
    });
  });

  test('refuses another version of the code, a folder without a manifest, and other models', async () => {
    const [version, old, model] = [await copied(), await copied(), await copied()];
    await rm(old.manifest);
    await expect(openRunFolder(old.root)).rejects.toMatchObject({ code: 'RUN_OLD_FOLDER' });
    await expect(evaluateRun(old.root)).resolves.toBeDefined(); // it can be read
    await resealed(version, (manifest) => (manifest.identity.version = '0.0.7'));
    await expect(openRunFolder(version.root)).rejects.toMatchObject({ code: 'RUN_OTHER_VERSION' });
    await resealed(model, (manifest) => (manifest.identity.inputs['llm.model'] = 'f'.repeat(64)));
    await expect(resume(model)).rejects.toMatchObject({ code: 'RUN_INPUT_CHANGED', where: 'llm.model' });
  }, 120_000);
});

/** Changes a manifest as another program would have written it. */
async function resealed(
  folder: RunFolder,
  change: (manifest: { identity: { version: string; inputs: Record<string, string> } }) => void,
): Promise<void> {
  const { sha256: _, ...manifest } = JSON.parse(await readFile(folder.manifest, 'utf8')) as Record<string, unknown>;
  change(manifest as never);
  await writeFile(folder.manifest, JSON.stringify({ ...manifest, sha256: sha256(JSON.stringify(manifest)) }));
}

describe('damage to a finished run', () => {
  const files: readonly [string, (folder: RunFolder) => string][] = [
    ['predictions', ({ predictions }) => predictions],
    ['explanations', (folder) => folder.explanations('final')],
    ['the log', ({ log }) => log],
    ['data', ({ data }) => join(data, 'interactions.arrow')],
  ];
  test.each(files)(
    '%s: the report names the file, and so does --resume',
    async (_, fileOf) => {
      const folder = await copied();
      const path = fileOf(folder);
      const bytes = await readFile(path);
      bytes[Math.floor(bytes.length / 2)]! ^= 4;
      await writeFile(path, bytes);
      await expect(evaluateRun(folder.root)).rejects.toMatchObject({ code: 'RUN_FILE_DAMAGED', where: path });
      await expect(resume(folder)).rejects.toMatchObject({ code: 'RUN_FILE_DAMAGED', where: path });
    },
    120_000,
  );

  test('is mended by --repair, to the same bytes', async () => {
    const folder = await copied();
    await truncate(folder.predictions, 100);
    await writeFile(folder.explanations('final'), 'no table');
    await writeFile(folder.config, '{"seed');
    await expect(openRunFolder(folder.root)).rejects.toMatchObject({ code: 'RUN_CONFIG_DAMAGED', where: folder.config });
    await resume(folder, { repair: true });
    expect(await contentOf(folder)).toEqual(await contentOf(finished));
  }, 120_000);
});

test('more repetitions of a finished run end with the bytes of a run that had as many from the start', async () => {
  const [folder, whole] = [await copied(), await freshFolder()];
  await resume(folder, { sets: ['iterations=2'] });
  await train(await tinySettings(...SETS, 'iterations=2'), { folder: whole });
  expect(await contentOf(folder)).toEqual(await contentOf(whole));
}, 300_000);

test('evaluating a finished run, and going on with it, change no byte of what a report shows', async () => {
  const bytes = async (): Promise<unknown> => [await contentOf(finished), await readFile(finished.report, 'utf8')];
  const before = await bytes();
  await evaluateRun(finished.root);
  expect(await bytes()).toEqual(before);
}, 120_000);

test('a disk that is full in the middle is a typed error, and the run goes on to the same bytes', async () => {
  const folder = await freshFolder();
  const attempt = failsAt(folder.root, 'ENOSPC', 150, async () => train(await tinySettings(...SETS), { folder }));
  const error = await attempt.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(FileError);
  expect((error as FileError).where).toContain(folder.root);
  await resume(folder);
  expect(await contentOf(folder)).toEqual(await contentOf(finished));
}, 120_000);

test('a run dies at one of its file operations, and ends with the same bytes', async () => {
  // all of them: `npm run kills`
  const folder = await freshFolder();
  await diesAt(folder.root, { operation: 333, half: false }, async () => train(await tinySettings(...SETS), { folder }));
  await resume(folder);
  expect(await contentOf(folder)).toEqual(await contentOf(finished));
}, 120_000);

describe('who works in a folder', () => {
  test('a second run in the same folder is refused, and says by whom', async () => {
    const folder = await copied();
    const lock = await lockRun(folder);
    await expect(resume(folder)).rejects.toMatchObject({ code: 'RUN_LOCKED' });
    await lock.release();
  });

  test('the lock is given back after an error and an interruption, and a run that made nothing leaves no folder', async () => {
    const folder = await freshFolder();
    await mkdir(join(folder.root, '..'), { recursive: true });
    const none = await tinySettings(...SETS, 'llm.model=/absent');
    await expect(train(none, { folder })).rejects.toThrow();
    await expect(readFile(folder.lock)).rejects.toThrow('ENOENT');
    const controller = new AbortController();
    const progress: Progress = { ...silentProgress, begin: () => ({ update: () => controller.abort(), done: () => undefined }) };
    await expect(train(await tinySettings(...SETS), { folder, progress, signal: controller.signal })).rejects.toThrow(Interrupted);
    await (await lockRun(folder)).release();
  }, 120_000);

  test('runs without --out that are started together get folders of their own', async () => {
    const before = process.cwd();
    process.chdir(await mkdtemp(join(tmpdir(), 'expctr-together-')));
    try {
      const folders = await Promise.all(Array.from({ length: 8 }, () => chooseRunFolder(undefined, 'demo', 1)));
      expect(new Set(folders.map(({ root }) => root)).size).toBe(8);
    } finally {
      process.chdir(before);
    }
  });

  test('an --out in which a process was killed before its run began can be used', async () => {
    const root = await mkdtemp(join(tmpdir(), 'expctr-out-'));
    await writeFile(join(root, 'lock.json'), '{}');
    expect((await chooseRunFolder(root, 'demo', 1)).root).toBe(root);
    await writeFile(runFolder(root).manifest, '{}');
    await expect(chooseRunFolder(root, 'demo', 1)).rejects.toMatchObject({ code: 'RUN_FOLDER_NOT_EMPTY' });
  });
});
