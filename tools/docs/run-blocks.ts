// Runs the blocks that are marked `run`, in one process, in temporary folders.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** Runs the blocks that are marked so; their neighbors in the same file are there to be imported. */
export async function runBlocks(blocks: readonly CodeBlock[]): Promise<BlockRun[]> {
  const running = blocks.filter(({ marks }) => marks.includes('run'));
  const root = await mkdtemp(join(tmpdir(), 'expctr-blocks-'));
  try {
    await writeFile(join(root, 'package.json'), '{ "type": "module" }');
    await symlink(join(repository, 'node_modules'), join(root, 'node_modules'));
    await writeFile(join(root, 'runner.mjs'), RUNNER);
    const places = new Map<string, string>();
    for (const block of blocks) {
      const folder = join(root, block.file.replaceAll('/', '_'));
      await mkdir(folder, { recursive: true });
      const place = join(folder, moduleName(block));
      await writeFile(place, block.code);
      places.set(`${block.file}:${block.line}`, place);
    }
    const jobs = [];
    for (const [index, block] of running.entries()) {
      const folder = join(root, `in-${index}`);
      await mkdir(folder);
      jobs.push({ url: pathToFileURL(places.get(`${block.file}:${block.line}`)!).href, folder });
    }
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=@expctr/source', '--import', 'tsx', 'runner.mjs', JSON.stringify(jobs)],
      { cwd: root, maxBuffer: 2 ** 26 },
    );
    const report = JSON.parse(stdout.trim().split('\n').at(-1)!) as { seconds: number; error: string | null }[];
    return running.map((block, index) => ({ block, ...report[index]! }));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
