// Runs the blocks that are marked `run`, in one process, in temporary folders.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { moduleName } from './compile-blocks.js';
import { repository, type CodeBlock } from './markdown.js';

/** How a block ended. */
export interface BlockRun {
  readonly block: CodeBlock;
  readonly seconds: number;
  /** What it threw; null where it came to its end. */
  readonly error: string | null;
}

/** Imports modules one after the other, each in a folder of its own, and prints what came of each as JSON. */
const RUNNER = `
const [list] = process.argv.slice(2);
const report = [];
for (const { url, folder } of JSON.parse(list)) {
  process.chdir(folder);
  const started = performance.now();
  let error = null;
  try { await import(url); } catch (thrown) { error = String(thrown?.stack ?? thrown); }
  report.push({ seconds: (performance.now() - started) / 1000, error });
}
process.stdout.write('\\n' + JSON.stringify(report));
process.exit(0);
`;

/**
 * Runs the blocks that are marked so; their neighbors in the same file are there to be imported. The process has been started when
 * this returns its promise, so that the caller's work goes on beside it.
 */
export async function runBlocks(blocks: readonly CodeBlock[]): Promise<BlockRun[]> {
  const running = blocks.filter(({ marks }) => marks.includes('run'));
  const root = mkdtempSync(join(tmpdir(), 'expctr-blocks-'));
  try {
    writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(root, 'runner.mjs'), RUNNER);
    symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
    const placeOf = (block: CodeBlock): string => join(root, block.file.replaceAll('/', '_'), moduleName(block));
    for (const block of blocks) {
      mkdirSync(dirname(placeOf(block)), { recursive: true });
      writeFileSync(placeOf(block), block.code);
    }
    const jobs = running.map((block, index) => {
      const folder = join(root, `in-${index}`);
      mkdirSync(folder);
      return { url: pathToFileURL(placeOf(block)).href, folder };
    });
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=@expctr/source', '--import', 'tsx/esm', 'runner.mjs', JSON.stringify(jobs)],
      { cwd: root, maxBuffer: 2 ** 26 },
    );
    const report = JSON.parse(stdout.trim().split('\n').at(-1)!) as { seconds: number; error: string | null }[];
    return running.map((block, index) => ({ block, ...report[index]! }));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
