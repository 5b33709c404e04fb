import { readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '@expctr/core';
import { diesAt, failsAt, momentsOf, operationsOf } from '@expctr/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { readRunLog, readTiming, type RunFolder } from '../src/index.js';
import { contentOf, flipBit, freshFolder, miniRun } from './mini-run.js';

let whole: Record<string, string>;
let operations: Awaited<ReturnType<typeof operationsOf>>;
beforeAll(async () => {
  const folder = await freshFolder();
  operations = await operationsOf(folder.root, () => miniRun(folder));
  whole = await contentOf(folder);
  expect(Object.keys(whole)).toContain('predictions/test.arrow');
  expect((await readRunLog(folder.log)).warnings.map(({ code }) => code)).toEqual([
    'DATA',
    'INNER',
    'STEP_0',
    'STEP_1',
    'STEP_2',
    'RESULT',
  ]);
});

async function resumed(folder: RunFolder): Promise<void> {
  expect(await miniRun(folder)).toBe(43);
  expect(await contentOf(folder)).toEqual(whole);
  await readTiming(folder);
}

describe('a run that dies', () => {
  test('at any file operation, or half-way through it, goes on to the same bytes', async () => {
    const moments = momentsOf(operations);
    expect(moments.length).toBeGreaterThan(100);
    // every seventh here; `npm run kills` dies at all of a whole run
    for (const moment of moments.filter((_, at) => at % 7 === 0)) {
      const folder = await freshFolder();
      expect(await diesAt(folder.root, moment, () => miniRun(folder)), JSON.stringify(moment)).toBe(true);
      await resumed(folder).catch((cause: unknown) => {
        throw new Error(`killed at ${JSON.stringify({ ...operations[moment.operation], ...moment })}`, { cause });
      });
    }
  });

  test('and dies again while it is resumed, still does', async () => {
    for (let at = 0; at < operations.length; at += 29) {
      const folder = await freshFolder();
      for (const later of [at, Math.floor(at / 2), 3, 11]) {
        await diesAt(folder.root, { operation: later, half: later % 2 === 1 }, () => miniRun(folder));
      }
      await resumed(folder);
    }
  });
});

test.each(['ENOSPC', 'EACCES', 'EROFS', 'EMFILE'])(
  'a machine that refuses with %s from any operation on gives a typed error, and the run goes on when it is mended',
  async (code) => {
    for (let at = 0; at < operations.length; at += 19) {
      const folder = await freshFolder();
      const error = await failsAt(folder.root, code, at, () => miniRun(folder)).catch((thrown: unknown) => thrown);
      if (operations.slice(at).some(({ name }) => !/^(rm|unlink)/u.test(name))) {
        expect(error, `${at} ${operations[at]!.name}`).toBeInstanceOf(FileError);
        expect((error as FileError).where).toContain(folder.root);
      }
      await resumed(folder);
    }
  },
);

describe('damage', () => {
  test('to any file that artifacts left is an error that names it, and what it advises makes the same bytes', async () => {
    // what is needed for the stage alone is not read again once the stage is done
    const files = Object.keys(whole).filter((name) => !/manifest|inner/u.test(name));
    expect(files.length).toBeGreaterThan(5);
    const damages = [flipBit, (path: string) => truncate(path, 1), (path: string) => rm(path)];
    for (const [at, name] of files.entries()) {
      const folder = await freshFolder();
      await miniRun(folder);
      await damages[at % damages.length]!(join(folder.root, name));
      const error = await miniRun(folder).catch((thrown: unknown) => thrown);
      expect(error, name).toMatchObject({ where: join(folder.root, name) });
      expect((error as { code: string }).code).toMatch(/^RUN_FILE_(DAMAGED|MISSING)$/u);
      expect((error as { remedy: string }).remedy).toContain('--repair');
      await miniRun(folder, { repair: true });
      await resumed(folder);
    }
  });

  test('to a checkpoint under way too', async () => {
    const folder = await freshFolder();
    const second = operations.findIndex(({ path }) => path.includes(join('checkpoints', 'stage', '3')));
    await diesAt(folder.root, { operation: second, half: false }, () => miniRun(folder));
    const path = folder.checkpoint('stage', '2', 'more.bin');
    await flipBit(path);
    await expect(miniRun(folder)).rejects.toMatchObject({ code: 'RUN_FILE_DAMAGED', where: path });
    await miniRun(folder, { repair: true });
    await resumed(folder);
  });

  test('to the manifest is an error of its own', async () => {
    const folder = await freshFolder();
    for (const damage of [flipBit, (path: string) => truncate(path, 30), (path: string) => writeFile(path, '')]) {
      await miniRun(folder);
      await damage(folder.manifest);
      await expect(miniRun(folder)).rejects.toMatchObject({ code: 'RUN_MANIFEST_DAMAGED', where: folder.manifest });
      await rm(folder.root, { recursive: true });
    }
  });
});

test('a run that is taken back to an artifact makes the rest anew, and removes what was made of it', async () => {
  const folder = await freshFolder();
  await miniRun(folder);
  const dead = operations.findIndex(({ path }) => path.includes('inner.json'));
  await diesAt(folder.root, { operation: dead, half: false }, () => miniRun(folder, { after: 'base' }));
  expect(await readdir(join(folder.root, 'predictions'))).toEqual([]);
  await resumed(folder);
});
