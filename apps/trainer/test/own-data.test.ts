import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFolder } from '@expctr/run';
import { beforeEach, describe, expect, test } from 'vitest';
import { resolveConfig, type Settings } from '../src/config/resolve.js';
import { main } from '../src/main.js';
import { countUnknown } from '../src/pipeline/unknown-words.js';
import { withPipeline } from '../src/train.js';
import { capturedTerminal } from './captured-terminal.js';

/** Customers buy lamps of one color, and now and then another; the title of one lamp is what the test wants it to be. */
function sales(title = 'Lamp 0'): string {
  const colors = ['Blue', 'Red', 'Green'];
  const rows = Array.from({ length: 10 }, (_, customer) =>
    Array.from({ length: 15 }, (_, at) => {
      const bought = (at % 3 === customer % 3) !== ((at + customer) % 7 === 0) ? 1 : 0;
      const name = at === 0 ? title : `Lamp ${at}`;
      return `c${customer},s${at},${bought},${1_700_000_000 + 86_400 * ((at * 7) % 15) + customer},"${name}",${colors[at % 3]!},${10 + at}.99`;
    }),
  ).flat();
  return `customer,sku,bought,at,name,color,price\n${rows.join('\n')}\n`;
}

const TABLE = { user: 'customer', item: 'sku', click: 'bought', time: 'at', texts: ['name'], features: ['color'], numbers: ['price'] };

/** What a stranger's own table meets before a run begins. */
describe('own data', () => {
  let folder: string;
  const terminal = capturedTerminal();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'expctr-own-'));
  });

  async function config(csv: string, more: object = {}): Promise<string> {
    await writeFile(join(folder, 'sales.csv'), csv);
    const words = { noun: 'lamp', verb: 'buy', past: 'bought', units: { price: 'EUR' } };
    const data = { kCore: 0, table: TABLE, words };
    const llm = { model: 'generated', maxPromptTokens: 1024 };
    const file = join(folder, 'shop.json');
    await writeFile(
      file,
      JSON.stringify({ dataset: 'table', dataDir: join(folder, 'sales.csv'), data, llm, encoder: { model: 'hashed:16' }, ...more }),
    );
    return file;
  }

  /** The run up to its first stage. */
  async function begin(settings: Settings): Promise<{ warnings: Record<string, string>; read: string }> {
    const run = runFolder(join(folder, 'run'));
    let read = '';
    await withPipeline(settings, { folder: run }, ({ data, models }) => {
      read = JSON.stringify([data.prompts.item(0), models.words, models.statements.reasons[0]]);
      return Promise.resolve();
    });
    const events = (await readFile(run.log, 'utf8')).split('\n').filter((line) => line !== '');
    const warnings = events.map((line) => JSON.parse(line) as { event: string; code: string; message: string });
    return {
      read,
      warnings: Object.fromEntries(warnings.filter(({ event }) => event === 'warning').map(({ code, message }) => [code, message])),
    };
  }

  test('--show-prompts prints what will be asked, in the words of the shop, and makes nothing', async () => {
    const before = await readdir(folder);
    const file = await config(sales('Lamp \u001b]0;owned\u0007\u202e 0'));
    expect(await main(['--config', file, '--show-prompts', '3', '--out', join(folder, 'run')])).toBe(0);
    expect(terminal.said.match(/^=== row \d+: item "s\d+", user "c\d+"$/gmu)).toHaveLength(3);
    expect(terminal.said.match(/^--- explanation, completion: \d+ tokens, 0 unknown \(0\.0 %\)/gmu)).toHaveLength(3);
    expect(terminal.said.match(/^--- reader, few-shot: \d+ tokens/gmu)).toHaveLength(3);
    expect(terminal.said).toContain('would or would not buy a lamp');
    expect(terminal.said).toMatch(/^Lamp: "Lamp \d+" \(color: \w+; price: \d+\.99 EUR\)$/mu);
    expect(terminal.said).not.toMatch(/movie|film|Alien|(?!\n)\p{Cc}|\u202e/iu);
    expect(existsSync(join(folder, 'run'))).toBe(false);
    expect((await readdir(folder)).sort()).toEqual([...before, 'sales.csv', 'shop.json'].sort());
  });

  test.each(['0', '-1', 'x', '1.5', ''])('--show-prompts %j is wrong use', async (count) => {
    expect(await main(['--config', await config(sales()), '--show-prompts', count])).toBe(2);
  });

  test("a model that lacks the words is refused before a run folder is made, and the words are named; the testbed's own data it reads", async () => {
    const file = await config(sales(), { llm: { model: 'testbed' } });
    const out = join(folder, 'run');
    expect(await main(['--config', file, '--out', out])).toBe(2);
    expect(terminal.said).toContain('CONFIG_UNKNOWN_WORDS');
    for (const word of ['"Blue"', '"Red"', 'prompt.maxUnknown', '--llm']) expect(terminal.said).toContain(word);
    expect(terminal.said).not.toContain('simulated');
    expect(existsSync(out)).toBe(false);
    terminal.said = '';
    expect(await main(['--config', file, '--show-prompts', '1'])).toBe(0);
    expect(terminal.said).toContain('a run would be refused');
    terminal.said = '';
    expect(await main(['--preset', 'testbed', '--set', 'data.users=20', '--show-prompts', '1'])).toBe(0);
    expect(terminal.said).toContain('0.0 % of the tokens of sampled prompts and 0.0 % of those of the items are unknown');
  });

  test('the share above which a model is refused is an option', async () => {
    const settings = await resolveConfig({
      file: await config(sales()),
      sets: ['llm.model=testbed', 'prompt.maxUnknown=1', 'llm.maxNewTokens=8'],
    });
    const { warnings } = await begin(settings);
    expect(Object.keys(warnings)).not.toContain('RUN_SIMULATED');
  });

  test('a title of 5,000 characters is cut, counted and named, and the words come back from the folder', async () => {
    const settings = await resolveConfig({ file: await config(sales('very long lamp '.repeat(334))) });
    const { warnings, read } = await begin(settings);
    expect(warnings['PROMPT_TEXT_CUT']).toContain('texts of 1 of 15 items');
    expect(warnings['PROMPT_TEXT_CUT']).toContain('"s0" (title)');
    const again = await begin(settings); // the second reads the folder
    expect(again.read).toBe(read);
    expect(read).toContain('"noun":"lamp"');
    expect(read).not.toMatch(/film|movie/u);
  });

  test('a prompt that is too long without any history names its item before a run folder is made', async () => {
    const settings = await resolveConfig({ file: await config(sales()), sets: ['llm.maxPromptTokens=20'] });
    const run = runFolder(join(folder, 'run'));
    const error: unknown = await withPipeline(settings, { folder: run }, () => Promise.resolve()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PROMPT_TOO_LONG', where: expect.stringMatching(/^item "s\d+", row \d+$/u) as string });
    expect(existsSync(run.config)).toBe(false);
  });

  test('prompts that have room for less than half of their histories are warned of', async () => {
    const settings = await resolveConfig({ file: await config(sales()), sets: ['llm.maxPromptTokens=260'] });
    expect((await begin(settings)).warnings['PROMPT_HISTORY_CUT']).toMatch(/\d+ of \d+ history entries .*raise llm\.maxPromptTokens/u);
  });
});

test('a word counts as unknown where its tokens hold the unknown one, or where there are none', () => {
  const ids: Record<string, number[]> = { known: [5, 6], half: [5, 0], gone: [] };
  const tokenizer = { encodeText: (text: string) => Int32Array.from(ids[text] ?? [0]), unknownTokenId: 0 } as never;
  expect(countUnknown(['known  half\ngone', 'known other other'], tokenizer)).toEqual({
    tokens: 9,
    unknown: 4,
    share: 4 / 9,
    words: [
      { word: 'other', count: 2 },
      { word: 'gone', count: 1 },
      { word: 'half', count: 1 },
    ],
  });
  expect(countUnknown([], tokenizer)).toMatchObject({ tokens: 0, share: 0 });
});
