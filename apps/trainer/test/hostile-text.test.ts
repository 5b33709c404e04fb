import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { main } from '../src/main.js';
import { createProgress } from '@expctr/app-kit';
import { freshFolder } from './tiny-run.js';
import { capturedTerminal } from './captured-terminal.js';

/** What terminals obey, what hides, and what reorders; line feeds and tabs in the right place are no harm. */
const COMMANDS = /[^\P{Cc}\n\t]|\p{Cf}|\p{Zl}|\p{Zp}/u;
const HOSTILE = '\u001b]0;owned\u0007\u001b[2J\u001b[31m\u009b1mred\u202e\u200b\u2028\rerror FORGED';

const terminal = capturedTerminal();

test('whatever progress is told, the stream gets no command', () => {
  const written: string[] = [];
  const stream = new PassThrough().on('data', (bytes: Buffer) => written.push(bytes.toString()));
  const progress = createProgress(stream as unknown as NodeJS.WriteStream);
  progress.say(`warning: ${HOSTILE}`);
  const task = progress.begin(HOSTILE, 10, HOSTILE);
  task.update(5, HOSTILE);
  task.done(HOSTILE);
  expect(written.join('')).toContain('\\x1b]0;owned\\x07');
  expect(written.join('')).not.toMatch(COMMANDS);
});

test('arguments and configuration files are quoted without their commands', async () => {
  const file = join((await freshFolder()).root, '..', 'config.json');
  await writeFile(file, JSON.stringify({ dataset: HOSTILE, [HOSTILE]: 1 }));
  for (const argv of [
    ['--config', file],
    ['--dataset', HOSTILE],
    [HOSTILE],
    [`--${HOSTILE}`],
    ['--set', `${HOSTILE}=1`],
    ['--plugin', `./${HOSTILE}`],
    ['--preset', HOSTILE],
  ]) {
    terminal.said = '';
    expect(await main(argv)).toBe(2);
    expect(terminal.said).toMatch(/\\(?:x1b|u001b)\[2J/u);
    expect(terminal.said).not.toMatch(COMMANDS);
  }
});

test('hostile titles and categories go through a preview and a whole run, and none of them commands the terminal', async () => {
  const folder = dirname((await freshFolder()).root);
  const data = join(folder, 'shop');
  await mkdir(data);
  const quoted = (text: string): string => `"${text.replaceAll('"', '""').replaceAll('\r', '')}"`;
  const rows = Array.from({ length: 240 }, (_, i) => {
    const [user, item] = [i % 12, Math.floor(i / 12)];
    const rating = 1 + ((user * 5 + item * 7 + i) % 5);
    return `u${user},p${item},${rating},${964982703 + i * 60},${quoted(`Lamp ${item} ${HOSTILE}`)},${quoted(`lighting${HOSTILE}`)}`;
  });
  await writeFile(
    join(data, 'ratings.csv'),
    ['user,item,rating,time,title,kind', ...rows, `u1,p1,${quoted(HOSTILE)},1,x,y`, ''].join('\n'),
  );
  const sets = [
    'data.table.user=user',
    'data.table.item=item',
    'data.table.rating=rating',
    'data.table.time=time',
    'data.table.texts=["title"]',
    'data.table.features=["kind"]',
    'data.kCore=0',
    'data.history.length=3',
    'data.maxInteractions=120',
    'llm.maxNewTokens=6',
    'llm.batchSize=8',
    'reader.form=continuation',
    'encoder.model=hashed:16',
    'ctr.epochs=2',
    'ctr.embeddingDimension=4',
    'ppo.stage1Updates=1',
    'ppo.stage3Updates=1',
    'ppo.promptsPerUpdate=2',
  ].flatMap((set) => ['--set', set]);
  const run = ['--preset', 'demo', '--dataset', 'table', '--data-dir', data, '--on-bad-row', 'skip', ...sets];
  for (const more of [
    ['--show-prompts', '2'],
    ['--out', join(folder, 'run')],
  ]) {
    terminal.said = '';
    expect(await main([...run, ...more]), terminal.said.slice(0, 2000)).toBe(0);
    expect(terminal.said).not.toMatch(COMMANDS);
    expect(terminal.said).toContain('Lamp');
  }
  expect(terminal.said).toMatch(/Lamp \d+ \\x1b\]0;owned\\x07\\x1b\[2J/u); // before and after training
  expect(terminal.said).toContain('warning DATA_BAD_ROWS');
});
