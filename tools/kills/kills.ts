// Kills a short run at file operations, resumes it, and compares every byte that it leaves with those of a run that was never killed.
// usage: npm run kills -- [--every 1] [--first 0] [--random 0] [--seed 1]
//   --every N   dies before every N-th operation that changes a file, and half-way through those that write (default 1: all)
//   --first N   begins with the N-th of these moments
//   --random N  kills a process of its own by SIGKILL at N random moments instead, each time resumed by another process
//   --seed N    seeds the random moments
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createRng } from '@expctr/core';
import { runFolder, type RunFolder } from '@expctr/run';
import { momentsOf, operationsOf, visitMoments, type Moment } from '@expctr/test-support';
import { toolArguments, wholeNumber } from '../common/arguments.js';
import { scriptCommand } from '../common/scripts.js';
import { beginOrResume, contentOf, differences } from './short-run.js';

const { values } = toolArguments({
  every: { type: 'string', default: '1' },
  first: { type: 'string', default: '0' },
  random: { type: 'string', default: '0' },
  seed: { type: 'string', default: '1' },
});
const every = wholeNumber('--every', values.every);
const first = wholeNumber('--first', values.first, 0);
const random = wholeNumber('--random', values.random, 0);
const seed = wholeNumber('--seed', values.seed, 0);

const freshFolder = async (): Promise<RunFolder> => runFolder(join(await mkdtemp(join(tmpdir(), 'expctr-kills-')), 'run'));
const remove = ({ root }: RunFolder): Promise<void> => rm(dirname(root), { recursive: true, force: true });

const failures: string[] = [];
function fail(failure: string): void {
  failures.push(failure);
  print(`  FAILED ${failure}`);
}

/** Compares what a killed and resumed run left. */
async function compare(folder: RunFolder, moment: string, resume: () => Promise<unknown>): Promise<void> {
  try {
    await resume();
    const wrong = differences(whole, await contentOf(folder));
    if (wrong.length > 0) fail(`${moment}: ${wrong.join(', ')} differ`);
  } catch (error) {
    fail(`${moment}: ${(error as Error).message}`);
  }
  await remove(folder);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

const reference = await freshFolder();
const operations = await operationsOf(reference.root, () => beginOrResume(reference));
const whole = await contentOf(reference);
await remove(reference);
print(`the run changes files in ${operations.length} operations and leaves ${whole.size} files that are compared`);
if (random > 0) await killRandomly();
else await dieAtOperations();
print(`${failures.length} failures`);
process.exitCode = failures.length > 0 ? 1 : 0;

async function dieAtOperations(): Promise<void> {
  const moments = momentsOf(operations).filter((_, at) => at >= first && (at - first) % every === 0);
  // one run serves all moments: at each of them its folder is what a process that dies there leaves
  const alive = await freshFolder();
  const left = new Map<Moment, RunFolder>();
  const copies = await mkdtemp(join(tmpdir(), 'expctr-kills-'));
  await visitMoments(
    alive.root,
    moments,
    () => beginOrResume(alive),
    (moment) => {
      const copy = join(copies, String(left.size), 'run');
      mkdirSync(dirname(copy));
      if (existsSync(alive.root)) cpSync(alive.root, copy, { recursive: true, preserveTimestamps: true });
      left.set(moment, runFolder(copy));
    },
  );
  await remove(alive);
  const counts = { before: 0, half: 0 };
  for (const [done, moment] of moments.entries()) {
    const { name, path } = operations[moment.operation]!;
    const shown = `${moment.half ? 'half-way through' : 'before'} operation ${moment.operation} (${name} of ${path.slice(reference.root.length + 1)})`;
    const folder = left.get(moment);
    if (folder === undefined) fail(`${shown}: the run did not come so far`);
    else await compare(folder, shown, () => beginOrResume(folder));
    counts[moment.half ? 'half' : 'before'] += 1;
    if ((done + 1) % 20 === 0) print(`  ${done + 1} of ${moments.length}, ${failures.length} failures`);
  }
  await rm(copies, { recursive: true, force: true });
  print(`died before ${counts.before} operations and half-way through ${counts.half}, of ${momentsOf(operations).length} such moments`);
}

async function killRandomly(): Promise<void> {
  const rng = createRng(seed);
  const trial = await freshFolder();
  let length = (await child(trial, null)).milliseconds;
  await remove(trial);
  print(`a process of its own takes ${(length / 1000).toFixed(1)} s once it is loaded`);
  const counts = { killed: 0, again: 0, late: 0 };
  for (let n = 0; n < random; n += 1) {
    let folder = await freshFolder();
    for (let ended = await child(folder, rng.next() * length); !ended.killed; ended = await child(folder, rng.next() * length)) {
      if (ended.code !== 0) throw new Error(`a process failed that was not killed: ${firstError(ended.said)}`);
      // it was faster than those before
      counts.late += 1;
      length = Math.min(length, ended.milliseconds);
      await remove(folder);
      folder = await freshFolder();
    }
    counts.killed += 1;
    // one in three is killed again while it is resumed
    if (rng.next() < 1 / 3 && (await child(folder, (rng.next() * length) / 2)).killed) counts.again += 1;
    await compare(folder, `random kill ${n}`, async () => {
      const { said, code } = await child(folder, null);
      if (code !== 0) throw new Error(firstError(said));
    });
    if ((n + 1) % 10 === 0) print(`  ${n + 1} of ${random}, ${failures.length} failures`);
  }
  print(
    `killed ${counts.killed} processes, and ${counts.again} of them again while resuming; ${counts.late} had ended before, and were replaced`,
  );
}

/** What a process said of its end. */
function firstError(said: string): string {
  return said.split('\n').find((line) => /error/iu.test(line)) ?? 'it said nothing';
}

interface Ended {
  readonly killed: boolean;
  readonly code: number | null;
  readonly milliseconds: number;
  readonly said: string;
}

/** Runs a process in the folder; kills it that long after it has loaded its modules, null = never. */
function child({ root }: RunFolder, killAfter: number | null): Promise<Ended> {
  const [program, ...args] = scriptCommand(join(import.meta.dirname, 'process.ts'), root);
  const running = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let loaded = performance.now();
  let said = '';
  running.stderr.on('data', (text: Buffer) => (said += text.toString()));
  running.stdout.once('data', () => {
    loaded = performance.now();
    if (killAfter !== null) setTimeout(() => running.kill('SIGKILL'), killAfter).unref();
  });
  return new Promise((resolve) => {
    running.once('close', (code, signal) =>
      resolve({ killed: signal === 'SIGKILL', code, milliseconds: performance.now() - loaded, said }),
    );
  });
}
