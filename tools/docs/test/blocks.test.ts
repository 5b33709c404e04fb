import { describe, expect, test } from 'vitest';
import { blockTable, checkedBlocks } from '../blocks.js';
import { compileBlocks, importedPackages } from '../compile-blocks.js';
import { wrongQuotations } from '../contracts.js';
import { markdownFiles, parseMarkdown } from '../markdown.js';
import { runBlocks } from '../run-blocks.js';

const blocks = checkedBlocks();

describe('the code blocks of docs and READMEs', () => {
  test('each compiles under strict as a module of its own, and those that are marked so run', async () => {
    const running = runBlocks(blocks);
    const errors = compileBlocks(blocks);
    const runs = await running;
    console.log(blockTable(blocks, new Set(errors.map(({ block }) => block)), runs).join('\n'));
    expect(errors.map(({ block, line, message }) => `${block.file}:${line} ${message}`)).toEqual([]);
    expect(runs.flatMap(({ block, error }) => (error === null ? [] : `${block.file}:${block.line} ${error}`))).toEqual([]);
  });

  test('every package that a block imports stands in the install line of its file', () => {
    const missing = markdownFiles().flatMap(({ file, text, blocks }) => {
      const installs = [...text.matchAll(/^\s*npm (?:install|i) (.*)$/gmu)].map(([, names]) => names!);
      if (installs.length === 0 && !/^(?:packages|apps)\//u.test(file)) return [];
      const installed = new Set(installs.flatMap((names) => names.split(/\s+/u)));
      const imported = new Set(blocks.filter(({ language }) => language === 'ts').flatMap(importedPackages));
      return [...imported].filter((name) => !installed.has(name)).map((name) => `${file}: ${name}`);
    });
    expect(missing).toEqual([]);
  });
});

describe('quoted declarations', () => {
  test('are those of the source', () => {
    expect(wrongQuotations(blocks)).toEqual([]);
  });

  test('that differ, or that no source has, are found; comments and white space are no difference', () => {
    const right =
      'export interface Codec<T> { readonly files: readonly string[]; /** writes */ write(value: T): Promise<void>;\n\n  read(): Promise<T>; }';
    const block = (code: string) => parseMarkdown('docs/example.md', `\`\`\`ts contract\n${code}\n\`\`\`\n`).blocks;
    expect(wrongQuotations(block(right))).toEqual([]);
    expect(wrongQuotations(block(right.replace('Promise<T>', 'T')))[0]).toContain('docs/example.md:2 Codec: the source says');
    expect(wrongQuotations(block('export interface NoSuchThing {}'))).toEqual(['docs/example.md:2 NoSuchThing: no source declares it']);
  });
});

describe('how blocks are compiled and run', () => {
  const blocksOf = (text: string) => parseMarkdown('docs/example.md', text).blocks;

  test('a block that is wrong is reported with its line in the file', () => {
    const wrong = blocksOf('# A\n\n```ts\nconst fine = 1;\nconst text: string = fine;\n```\n');
    expect(compileBlocks(wrong)).toMatchObject([{ line: 5, message: expect.stringContaining('number') as string }]);
  });

  test('an implicit any, a name of another block and a missing package are errors', () => {
    const codes = ['export const f = (x) => x;', 'export const mine = 1;', 'console.log(mine);', "import 'no-such-package';"];
    const errors = compileBlocks(blocksOf(codes.map((code) => `\`\`\`ts\n${code}\n\`\`\`\n`).join('\n')));
    expect(errors.map(({ block }) => block.code.trim())).toEqual([codes[0], codes[2], codes[3]]);
  });

  test('blocks of one file import each other by the names that they are given', async () => {
    const [first, second] = ['```ts file=mine.ts\nexport const mine: number = 1;\n```', "```ts run\nimport { mine } from './mine.js';\n"];
    const pair = blocksOf(`${first}\n\n${second}if (mine !== 1) throw new Error('other');\n\`\`\`\n`);
    expect(compileBlocks(pair)).toEqual([]);
    expect(await runBlocks(pair)).toMatchObject([{ error: null }]);
  });

  test('a block that throws has failed', async () => {
    const [run] = await runBlocks(blocksOf("```ts run\nthrow new Error('as it should');\n```\n"));
    expect(run?.error).toContain('as it should');
  });
});
