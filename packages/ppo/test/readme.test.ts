import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { algorithms, loopOptions } from '../src/index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** Name and default of each option in the table after a line. */
function tableAfter(line: string): Record<string, unknown> {
  const after = readme.slice(readme.indexOf(`\n${line}`)).split('\n\n')[1]!;
  const rows = [...after.matchAll(/^\| `(\w+)` +\| `([^`]+)` +\|/gm)];
  return Object.fromEntries(rows.map(([, name, value]) => [name!, JSON.parse(value!) as unknown]));
}

test('the tables of options hold every option with its default', () => {
  expect(tableAfter('Of the loop, for every algorithm:')).toEqual(loopOptions.parse({}));
  for (const [name, { options }] of Object.entries(algorithms)) {
    expect(readme).toContain(`\n| \`${name}\``);
    expect(tableAfter(`Of \`${name}\``)).toEqual(options.parse({}));
  }
});
