import { chmod, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFolder } from '@expctr/run';
import { describe, expect, test } from 'vitest';
import { checkBeforehand } from '../src/checks/check-beforehand.js';
import { checkPlace } from '../src/checks/check-places.js';
import { resolveConfig } from '../src/config/resolve.js';

const folder = await mkdtemp(join(tmpdir(), 'expctr-checks-'));
const isRoot = process.getuid?.() === 0;

describe('the place of a run', () => {
  test('may be there or not yet, and nothing is left there', async () => {
    await checkPlace(folder);
    await checkPlace(join(folder, 'not', 'yet'));
    expect(await readdir(folder)).toEqual([]);
  });

  test('that is a file, or below one, is wrong use', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'expctr-checks-')), 'file');
    await writeFile(file, '');
    for (const place of [file, join(file, 'run'), join(file, 'deep', 'run')]) {
      await expect(checkPlace(place)).rejects.toMatchObject({ code: 'FILE_NOT_A_FOLDER', wrongUse: true });
    }
  });

  test.skipIf(isRoot)('that may not be written to is wrong use', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'expctr-checks-'));
    await chmod(closed, 0o500);
    await expect(checkPlace(join(closed, 'run'))).rejects.toMatchObject({ code: 'FILE_NO_PERMISSION', wrongUse: true });
  });

  test('without room says how much there is and how much a run needs', async () => {
    await expect(checkPlace(folder, Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({ code: 'FILE_NO_SPACE' });
    await expect(checkPlace(folder, 1e15)).rejects.toThrow(/only [\d,]+ MB are free\. Expected at least 1,000,000,000 MB/u);
  });
});

describe('beforehand', () => {
  const check = async (...sets: string[]): Promise<void> =>
    checkBeforehand(await resolveConfig({ preset: 'demo', sets }), runFolder(join(folder, 'run')));

  test.each([
    ['the settings of the preset', []],
    ['stages without updates need no reward', ['ppo.stage1Updates=0', 'rewards.stage1.lc=0']],
    ['no repetitions need none for stage 3', ['iterations=0', 'rewards.stage3.ic=0']],
    ['an encoder by its name', ['encoder.model=static']],
    ['a hub id with its owner', ['llm.model=owner/testbd', 'encoder.model=owner/statik']],
    ['a hub id without one', ['llm.model=gpt2']],
  ])('%s: nothing is wrong', async (_, sets) => {
    await expect(check(...sets)).resolves.toBeUndefined();
  });

  test.each([
    ['CONFIG_NO_REWARD', ['rewards.stage3.ic=0']],
    ['CONFIG_REWARD', ['rewards.stage1.ic=0.5']],
    ['CONFIG_INVALID', ['ppo.algorithm=rloo', 'ppo.completionsPerPrompt=1']],
    ['CONFIG_TOO_MUCH', ['iterations=1000', 'ppo.stage3Updates=1000']],
    ['CONFIG_INVALID', ['reader.form=chatt']],
    ['TEMPLATE_FILE', ['prompt.explanation=/no/such.json']],
    ['CONFIG_NO_DATA_DIR', ['dataset=table']],
    ['CONFIG_NO_DATA_DIR', ['dataDir=/no/such/folder']],
    ['CONFIG_UNKNOWN_PART', ['llm.model=testbd']],
    ['CONFIG_UNKNOWN_PART', ['encoder.model=statik:table.arrow']],
  ])('%s is found before data or models are read: %j', async (code, sets) => {
    await expect(check(...sets)).rejects.toMatchObject({ code, wrongUse: true });
  });
});
