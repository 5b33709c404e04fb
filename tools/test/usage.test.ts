import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { usageOf } from '../common/arguments.js';

const root = resolve(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Readonly<Record<string, string>> };

/** Tools with the comment in which each says how it is used. */
const tools = readdirSync(join(root, 'tools'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !/node_modules|dist|test|out-tsc/u.test(path))
  .flatMap((path) => {
    const usage = usageOf(join(root, 'tools', path));
    return usage === undefined ? [] : [{ path, usage }];
  });

function start(...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const flags = ['--conditions=@expctr/source', '--import', 'tsx/esm'];
  return spawnSync(process.execPath, [...flags, ...args], { cwd: root, encoding: 'utf8' });
}

describe('what tools say of themselves', () => {
  test.each(tools)('$path names a script that exists, and itself', ({ path, usage }) => {
    const [, script = '', name] = /usage: npm run (\S+)(?:(?: --)? ([a-z][\w/.-]*))?/u.exec(usage) ?? [];
    expect(Object.keys(scripts)).toContain(script);
    if (name === undefined) expect(scripts[script]).toContain(`tools/${path}`);
    else if (script === 'tool') expect(name).toBe(`tools/${path}`);
    else expect(name).toBe(basename(path, '.ts'));
  });

  const benchmarks = tools.flatMap(({ path }) => (/^bench.[^/\\]*$/u.test(path) ? [basename(path)] : [])).sort();

  test('a name that does not exist lists those that do, and no name too', () => {
    for (const args of [[], ['nothing']]) {
      const { status, stderr } = start('tools/run-tool.ts', 'bench', ...args);
      expect(status).toBe(2);
      expect(stderr).toContain('usage: npm run bench -- NAME');
      expect(stderr).toContain(
        `there ${args.length === 0 ? 'are' : 'is no "nothing"; there are'} ${benchmarks.map((file) => basename(file, '.ts')).join(', ')}\n`,
      );
    }
  });

  test('--help prints the whole comment; a wrong option, the line of usage', () => {
    const tool = 'tools/generators/movielens-20m-shaped.ts';
    const help = start(tool, '--help');
    expect(help).toMatchObject({ status: 0, stdout: `${usageOf(join(root, tool))}\n` });
    const wrong = start(tool, 'folder', '--ratings', 'many');
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toBe(
      '--ratings wants a whole number of at least 1; got "many"\n' +
        'usage: npm run tool -- tools/generators/movielens-20m-shaped.ts FOLDER [--ratings 20000263] [--seed 1]\n' +
        '--help explains the options\n',
    );
  });
});
