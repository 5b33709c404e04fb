// The packages as npm would deliver them, in a folder outside the workspace: packed, installed from the tarballs alone, and used.
// Every TypeScript block of the Markdown files is compiled there under `tsc --strict`.
// A plug-in with one part of each kind (tools/outside/plugin) is compiled there under `tsc --strict`, packed, installed, and a run that
// uses all of its parts goes to a report.
//
// usage: npm run outside [-- --keep]
//   --keep   leave the folder there, and print where it is
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from '../build.js';
import { toolArguments } from '../common/arguments.js';
import { checkedBlocks } from '../docs/blocks.js';
import { moduleName } from '../docs/compile-blocks.js';
import { check, command, failures, npm, npmEnvironment } from './commands.js';

const { values } = toolArguments({ keep: { type: 'boolean', default: false } });
const root = process.cwd();
const outside = await mkdtemp(join(tmpdir(), 'expctr-outside-'));
const tarballs = join(outside, 'tarballs');
const user = join(outside, 'user');

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly version: string;
}

async function manifests(): Promise<{ readonly folder: string; readonly manifest: Manifest }[]> {
  const found = [];
  for (const group of ['packages', 'apps']) {
    for (const name of (await readdir(join(root, group))).sort()) {
      const folder = join(root, group, name);
      const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null);
      if (text !== null) found.push({ folder, manifest: JSON.parse(text) as Manifest });
    }
  }
  return found.filter(({ manifest }) => manifest.private !== true);
}

async function pack(folder: string): Promise<{ readonly name: string; readonly path: string; readonly kilobytes: number }> {
  const [packed] = JSON.parse(npm(['pack', '--json', '--pack-destination', tarballs], folder)) as [{ name: string; filename: string }];
  const path = join(tarballs, packed.filename);
  return { name: packed.name, path, kilobytes: Math.ceil((await stat(path)).size / 1024) };
}

process.stdout.write('building\n');
build();
await mkdir(tarballs, { recursive: true });
await mkdir(user, { recursive: true });

process.stdout.write('packing\n');
const dependencies: Record<string, string> = {};
for (const { folder } of await manifests()) {
  const { name, path, kilobytes } = await pack(folder);
  dependencies[name] = `file:${path}`;
  process.stdout.write(`  ${name.padEnd(32)} ${String(kilobytes).padStart(6)} KB\n`);
}

process.stdout.write('installing from the tarballs alone\n');
const versions = JSON.parse(await readFile(join(root, 'packages/ctr-models/package.json'), 'utf8')) as {
  devDependencies: Record<string, string>;
  dependencies: Record<string, string>;
};
const workspace = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> };
const project = {
  name: 'somebody',
  private: true,
  type: 'module',
  dependencies: {
    ...dependencies,
    '@tensorflow/tfjs': versions.devDependencies['@tensorflow/tfjs'],
    zod: versions.dependencies['zod'],
  },
  devDependencies: {
    typescript: workspace.devDependencies['typescript'],
    '@types/node': workspace.devDependencies['@types/node'],
  },
};
await writeFile(join(user, 'package.json'), JSON.stringify(project, null, 2));
npm(['install', '--no-audit', '--no-fund'], user);

const tsc = join(user, 'node_modules/typescript/bin/tsc');
const strict = ['--strict', '--target', 'es2022', '--lib', 'es2023,dom', '--module', 'nodenext', '--types', 'node', '--skipLibCheck'];

process.stdout.write('the code blocks of READMEs and guides\n');
const blocks = checkedBlocks().filter(({ language }) => language === 'ts');
const blockPath = (block: (typeof blocks)[number]): string => join('blocks', block.file.replaceAll(/[^\w.-]+/gu, '-'), moduleName(block));
for (const block of blocks) {
  const path = join(user, blockPath(block));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, block.code);
}
const modules = ['--moduleDetection', 'force', '--noEmit', ...blocks.map(blockPath)];
check(`${blocks.length} compile under tsc --strict`, command(process.execPath, [tsc, ...strict, ...modules], user));

process.stdout.write('a plug-in with one part of each kind\n');
const plugin = join(user, 'plugin');
await cp(join(root, 'tools/outside/plugin'), plugin, { recursive: true });
check('compiles under tsc --strict', command(process.execPath, [tsc, ...strict, '--outDir', 'dist', 'src/index.ts'], plugin));
const { path } = await pack(plugin);
npm(['install', '--no-audit', '--no-fund', path], user);

process.stdout.write('a run that uses its parts together\n');
const train = (...args: string[]): ReturnType<typeof command> =>
  command(process.execPath, [join(user, 'node_modules/@expctr/trainer/bin/expctr-train.js'), ...args], user, npmEnvironment);
const sets = [
  ...['llm.model=generated', 'llm.maxNewTokens=8', 'llm.maxPromptTokens=160', 'llm.lora.rank=4', 'reader.onFail=warn'],
  ...['reader.form=continuation', 'ctr.backbone=linear-and-deep', 'ctr.layers=[8]', 'ctr.epochs=3', 'sampler.kind=careful'],
  ...['rewards.stage1.brevity=0.5', 'rewards.brevity.tokens=9', 'ppo.stage1Updates=2', 'ppo.stage3Updates=2', 'ppo.promptsPerUpdate=2'],
  ...['data.kCore=2', 'data.history.length=3', 'data.maxInteractions=300'],
].flatMap((set) => ['--set', set]);
const chosen = ['--dataset', 'cafes', '--encoder', 'letters', '--algorithm', 'keep-best'];
const plugged = ['--plugin', 'expctr-plugin-cafes'];
check('goes to a report', train(...plugged, ...chosen, ...sets, '--out', 'run'));
const config = JSON.parse(await readFile(join(user, 'run/config.json'), 'utf8')) as { plugins: unknown; ctr: { backbone: string } };
check('records the plug-in', {
  status: JSON.stringify(config.plugins) === '[{"module":"expctr-plugin-cafes","name":"cafes","version":"0.3.1"}]' ? 0 : 1,
  output: JSON.stringify(config.plugins),
});
const metrics = JSON.parse(await readFile(join(user, 'run/metrics.json'), 'utf8')) as {
  predictors: Record<string, { auc: number | null }>;
  stages: Record<string, { rewards: Record<string, unknown> }>;
};
check('has the figures of every predictor and of the plug-in’s reward', {
  status: typeof metrics.predictors['expctr-aug']?.auc === 'number' && metrics.stages['stage1']?.rewards['brevity'] !== undefined ? 0 : 1,
  output: JSON.stringify(Object.keys(metrics.predictors)),
});
check('has a report', { status: (await stat(join(user, 'run/report.html'))).size > 10_000 ? 0 : 1, output: '' });
const help = train(...plugged, '--help');
check('--help lists its options', {
  ...help,
  status: /ctr\.layers/u.test(help.output) && /rewards\.brevity\.tokens/u.test(help.output) ? 0 : 1,
});
const missing = train('--plugin', 'expctr-plugin-absent', ...chosen);
check('a plug-in that is missing is wrong use, in one line', {
  status: missing.status === 2 && missing.output.trim().split('\n').length === 1 ? 0 : 1,
  output: missing.output,
});
const evaluated = command(process.execPath, [join(user, 'node_modules/@expctr/eval/bin/expctr-eval.js'), 'run'], user);
check('expctr-eval reads the run', evaluated);

if (values.keep) process.stdout.write(`left in ${outside}\n`);
else await rm(outside, { recursive: true, force: true });
process.stdout.write(failures() === 0 ? 'all checks passed\n' : `${failures()} checks failed\n`);
process.exit(failures() === 0 ? 0 : 1);
