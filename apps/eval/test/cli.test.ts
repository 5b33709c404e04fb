import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../src/cli.js';
import { syntheticRun } from './synthetic-run.js';

let [first, second] = ['', ''];
beforeAll(async () => {
  [first, second] = await Promise.all([syntheticRun({ users: 30 }), syntheticRun({ users: 30, seed: 2 })]);
});
afterAll(() => Promise.all([first, second].map((folder) => rm(folder, { recursive: true }))));

async function run(...argv: readonly string[]) {
  const lines = { out: '', error: '' };
  const status = await runCli(argv, { out: (text) => void (lines.out += `${text}\n`), error: (text) => void (lines.error += `${text}\n`) });
  return { status, ...lines };
}

test('one RUN: a table of predictors and where the report lies; exit 0', async () => {
  const { status, out, error } = await run(first);
  expect(status).toBe(0);
  expect(error).toBe('');
  expect(out).toMatch(/expctr-aug +│ 0\.\d{3} │ \[0\.\d{3}, [01]\.\d{3}\]/u);
  expect(out).toContain(`report: ${join(first, 'report.html')}`);
  expect(out).not.toContain('\u001b[');
});

test('names and messages in a run command no terminal, and are the same in JSON', async () => {
  const message = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\u200b';
  const folder = await syntheticRun({ users: 30, log: [JSON.stringify({ event: 'warning', code: message, message })] });
  for (const form of [[], ['--json']]) {
    const { status, out, error } = await run(folder, ...form);
    expect(status).toBe(0);
    expect(out + error).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    if (form.length > 0) expect((JSON.parse(out) as { warnings: object[] }).warnings).toContainEqual({ code: message, message });
    else expect(out).toContain('\\x1b]0;owned\\x07');
  }
  await rm(folder, { recursive: true });
});

test('several RUNs: one table with a column each', async () => {
  const { status, out } = await run(first, second);
  expect(status).toBe(0);
  const name = (folder: string): string => folder.split('/').at(-1) ?? '';
  expect(out).toMatch(new RegExp(`AUC +│ ${name(first)} +│ ${name(second)}`, 'u'));
  expect(out).toMatch(/expctr-aug - verdict-aug/u);
});

test('--json prints the metrics and nothing else', async () => {
  const one = await run(first, '--json');
  expect(JSON.parse(one.out)).toEqual(JSON.parse(await readFile(join(first, 'metrics.json'), 'utf8')));
  const two = JSON.parse((await run(first, second, '--json')).out) as Record<string, unknown>;
  expect(Object.keys(two)).toEqual([first, second]);
});

test('--html writes the report of one RUN, or a comparison of several', async () => {
  const file = join(first, 'elsewhere', 'out.html');
  await run(first, '--html', file);
  expect(await readFile(file, 'utf8')).toBe(await readFile(join(first, 'report.html'), 'utf8'));
  await run(first, second, '--html', file);
  const comparison = await readFile(file, 'utf8');
  expect(comparison).toContain('2 runs compared');
  expect(comparison).not.toContain('<script');
});

test('wrong use is exit 2, a run that cannot be evaluated exit 1 with a remedy, help exit 0', async () => {
  expect(await run()).toMatchObject({ status: 2, error: expect.stringContaining('RUN') as string });
  expect(await run(first, '--nope')).toMatchObject({ status: 2, error: expect.stringContaining('--nope') as string });
  const missing = await run(join(first, 'nowhere'));
  expect(missing.status).toBe(2);
  expect(missing.error).toMatch(/^error EVAL_NO_RUN: .*To mend it: /u);
  const cut = await syntheticRun({ users: 12, log: ['{"event": "upd'] });
  expect(await run(cut)).toMatchObject({ status: 1, error: expect.stringMatching(/^error RUN_BAD_LINE: .*log\.jsonl, line 1/u) as string });
  await rm(cut, { recursive: true });
  const help = await run('--help');
  expect(help.status).toBe(0);
  expect(help.out).toContain('--html <FILE>');
});
