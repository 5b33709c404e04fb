import { mkdtempSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deadMarkdownLinks, deadSiteLinks } from '../check-links.js';
import { declarationsIn } from '../contracts.js';
import { missingExports } from '../exports.js';
import { markdownFiles, parseMarkdown, repository } from '../markdown.js';
import { unknownNames } from '../names.js';

test('no link in Markdown is dead', () => {
  expect(deadMarkdownLinks()).toEqual([]);
});

test('what Markdown calls by name exists', () => {
  expect(unknownNames(markdownFiles())).toEqual([]);
});

test('the tables of exports in READMEs hold names that are exported', () => {
  expect(markdownFiles().flatMap((file) => missingExports(file))).toEqual([]);
  const table = '# A\n\n| `other` |\n\n## Exports\n\n| name | what |\n| --- | --- |\n| `auc`, `fit(x)` | the `nothing` of it |\n';
  expect(missingExports(parseMarkdown('a/README.md', table), "export { auc } from './auc.js';")).toEqual([
    'a/README.md:9 fit is not exported',
  ]);
});

test('every key of metrics.json stands in the guide to reading a report', () => {
  const read = (path: string): string => readFileSync(join(repository, path), 'utf8');
  const guide = read('docs/guides/reading-a-report.md');
  const declared = ['metrics', 'quality'].map((name) => declarationsIn(read(`apps/eval/src/figures/${name}.ts`)));
  const keys = ['Metrics', 'TruthMetrics'].flatMap((name) => {
    const text = declared.flatMap((each) => each.get(name) ?? [])[0] ?? '';
    return [...text.matchAll(/^ {4}readonly (\w+)/gmu)].map(([, key]) => key!);
  });
  expect(keys.length).toBeGreaterThan(15);
  expect(keys.filter((key) => !guide.includes(`\`${key}\``))).toEqual([]);
});

test('links to files, folders and headings that are not there are found', () => {
  const root = mkdtempSync(join(tmpdir(), 'expctr-links-'));
  for (const place of ['docs', 'packages', 'apps', 'tools']) mkdirSync(join(root, place));
  const text =
    '# A (b)\n[1](docs/b.md) [2](docs/b.md#one-two) [3](docs/c.md) [4](docs/b.md#three) [5](#a-b) [6](https://example.org) `[7](no.md)`';
  writeFileSync(join(root, 'README.md'), text);
  writeFileSync(join(root, 'docs/b.md'), '## One, `two`\n');
  expect(deadMarkdownLinks(root)).toEqual([
    'README.md:2 docs/c.md: there is no such file',
    'README.md:2 docs/b.md#three: the file has no such heading',
  ]);
});

test('pages and anchors of a site that are not there are found', () => {
  const site = mkdtempSync(join(tmpdir(), 'expctr-site-'));
  writeFileSync(join(site, 'index.html'), '<a href="b.html#x"></a><a href="b.html#y"></a><img src="c.png"><a href="https://example.org">');
  writeFileSync(join(site, 'b.html'), '<p id="x"></p>');
  expect(deadSiteLinks(site)).toEqual({
    links: 3,
    dead: ['index.html b.html#y: the page has no such anchor', 'index.html c.png: there is no such file'],
  });
});

test('names that name nothing are found', () => {
  const right = '`packages/core/src/rng.ts` `ppo.learningRate` `PLUGIN_BROKEN` `npm start` `npm run bench -- engine` `rewards.stage1`';
  const wrong = ['packages/core/src/none.ts', 'ppo.learningRait', 'PLUGIN_BRAVE', 'npm run nothing', 'npm run bench -- nothing'];
  const command = '```sh\nnpx expctr-train --preset tested --set ctr.none=1 --wrong\n```\n';
  const plugin = '```ts\nexport const options = { mine: 1 };\n```\n`ctr.mine=2`\n';
  const file = parseMarkdown('docs/example.md', `${plugin}${right}\n${wrong.map((word) => `\`${word}\``).join(' ')}\n\n${command}`);
  expect(unknownNames([file]).map((line) => line.replace(/^docs\/example\.md:\d+ (.*): [^:]*$/u, '$1'))).toEqual([
    ...wrong,
    'ctr.none',
    'tested',
    '--wrong',
  ]);
});
