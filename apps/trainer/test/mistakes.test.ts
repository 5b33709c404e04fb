import { existsSync } from 'node:fs';
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runProgram } from '../../../packages/data/src/commands/program.js';
import { runCli } from '../../eval/src/cli.js';
import { main } from '../src/main.js';
import { makeMistaken, mistakes, type Mistake } from './mistakes.js';

const folder = await mkdtemp(join(tmpdir(), 'expctr-mistakes-'));
const table: string[] = [];

/** Runs a program in this process. @returns its exit status and all that it said */
async function run({ program, arguments: args }: Pick<Mistake, 'program' | 'arguments'>): Promise<{ status: number; said: string }> {
  let said = '';
  const collect = (text: unknown): boolean => ((said += String(text)), true);
  const lines = (text: string): void => void (said += `${text}\n`);
  vi.spyOn(process.stdout, 'write').mockImplementation(collect);
  vi.spyOn(process.stderr, 'write').mockImplementation(collect);
  try {
    const status =
      program === 'expctr-train'
        ? await main(args)
        : program === 'expctr-eval'
          ? await runCli(args, { out: lines, error: lines })
          : await runProgram(args, { out: collect, error: collect });
    return { status, said };
  } finally {
    vi.restoreAllMocks();
  }
}

beforeAll(() => makeMistaken(folder));

/** EXPCTR_MISTAKES=table.md npx vitest run test/mistakes.test.ts writes what the programs say as a table. */
afterAll(async () => {
  const path = process.env['EXPCTR_MISTAKES'];
  if (path === undefined) return;
  const head = ['| mistake | command | exit | what is said |', '| --- | --- | --- | --- |'];
  await writeFile(path, `${[...head, ...table].join('\n').replaceAll(folder, 'FOLDER')}\n`);
});

describe('thirty mistakes on the command line', () => {
  test.each(mistakes(folder))('$program: $name', async (mistake) => {
    const { status, said } = await run(mistake);
    const [first = ''] = said.trim().split('\n');
    const cell = (text: string): string => text.replaceAll('|', '\\|');
    table.push(
      `| ${mistake.name} | \`${cell([mistake.program, ...mistake.arguments].join(' '))}\` | ${status} | ${cell(said.trim().replace(/\n+/gu, ' '))} |`,
    );
    for (const text of mistake.says) expect(said).toContain(text);
    expect(status).toBe(mistake.status);
    // a sentence, in one line (commander adds what may have been meant, and a pointer to --help), and no stack
    expect(first).toMatch(/^error[ :]/u);
    expect(first).toMatch(/[.)?!']$/u);
    expect(first).not.toMatch(/\.\.(?!\.)|undefined|\[object| at .*:\d+:\d+\)/u);
    expect(said.trim().split('\n').length).toBeLessThanOrEqual(3);
    // nothing is said of a run folder, nor left of one
    expect(said).not.toContain('run folder:');
    expect(existsSync(join(folder, 'run'))).toBe(false);
  });

  test('there are thirty, and they leave what they found', async () => {
    expect(mistakes(folder).length).toBeGreaterThanOrEqual(30);
    expect(await readdir(join(folder, 'full'))).toEqual(['mine.txt']);
    expect(await readdir(join(folder, 'empty'))).toEqual([]);
  });
});

describe.each(['expctr-train', 'expctr-eval', 'expctr-data'] as const)('%s', (program) => {
  test.each([['--version'], ['--help']])('%s is done with exit status 0', async (flag) => {
    const { status, said } = await run({ program, arguments: [flag] });
    expect(status).toBe(0);
    if (flag === '--version') expect(said).toMatch(/^\d+\.\d+\.\d+\S*\n$/u);
  });
});
