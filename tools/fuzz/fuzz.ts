// Lets every reader read files that were changed at random: bit flips, cuts, splices, other lengths and counts, other JSON.
// A value or an ExpctrError is right; any other error, a hang, a full heap or growing memory is a failure, whose input is kept.
//
// usage: npm run fuzz -- [TARGET...] [--runs N] [--seed S] [--from RUN]
//
// --runs N    inputs for each target (default 1000)
// --seed S    they follow from it (default 1)
// --from RUN  number of the first input, to repeat one of them (default 0)
// --list      print the targets and end
import { fork } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import type { Counts } from './run-target.js';
import { targets } from './targets.js';

/** A run may take so long, in milliseconds; most take a few. */
const LONGEST = 20_000;
const HEAP_MEGABYTES = 512;
const MEMORY_MEGABYTES = 2048;
const KEPT = 'runs/fuzz';

const { values, positionals } = toolArguments(
  { runs: { type: 'string' }, seed: { type: 'string' }, from: { type: 'string' }, list: { type: 'boolean' } },
  targets.length,
);
if (values.list) {
  for (const { name, description } of targets) process.stdout.write(`${name.padEnd(18)} ${description}\n`);
  process.exit(0);
}
const unknown = positionals.find((name) => targets.every((target) => target.name !== name));
if (unknown !== undefined) wrongUse(`there is no target "${unknown}"; there are ${targets.map(({ name }) => name).join(', ')}`);
const runs = wholeNumber('--runs', values.runs ?? '1000');
const seed = wholeNumber('--seed', values.seed ?? '1', 0);
const first = wholeNumber('--from', values.from ?? '0', 0);

let failed = 0;
process.stdout.write(
  `seed ${seed}\n${'target'.padEnd(18)} ${['inputs', 'read', 'refused', 'failed'].map((head) => head.padStart(8)).join(' ')}\n`,
);
for (const { name } of targets.filter((target) => positionals.length === 0 || positionals.includes(target.name))) {
  const { value, typed, failures } = await fuzz(name);
  failed += failures.length;
  process.stdout.write(`${name.padEnd(18)} ${[runs, value, typed, failures.length].map((count) => String(count).padStart(8)).join(' ')}\n`);
  for (const { run, what } of failures.slice(0, 20)) {
    process.stdout.write(
      `  run ${run}: ${what}\n    again: npm run fuzz -- ${name} --seed ${seed} --from ${run} --runs 1; input: ${KEPT}/${name}-${seed}-${run}\n`,
    );
  }
}
process.exit(failed === 0 ? 0 : 1);

/** All runs of a target, in as many processes as it takes. */
async function fuzz(name: string): Promise<Counts> {
  const all: Counts = { value: 0, typed: 0, failures: [] };
  for (let from = first; from < first + runs;) {
    const folder = mkdtempSync(join(tmpdir(), 'expctr-fuzz-'));
    const ended = await child(name, from, folder);
    const state = stateOf(folder);
    if (state === undefined) throw new Error(`the samples of ${name} cannot be made: ${ended}`);
    const { run, value, typed, failures } = state;
    all.value += value;
    all.typed += typed;
    all.failures.push(...failures);
    if (ended !== null) {
      all.failures.push({ run, what: ended });
      cpSync(join(folder, 'input'), join(KEPT, `${name}-${seed}-${run}`), { recursive: true });
    }
    from = ended === null ? first + runs : run + 1;
    rmSync(folder, { recursive: true, force: true });
  }
  return all;
}

/** @returns null where the process came to its end, else why it did not */
function child(name: string, from: number, folder: string): Promise<string | null> {
  const args = [name, String(seed), String(from), String(first + runs - from), folder, KEPT];
  const made = fork(fileURLToPath(new URL('./child.ts', import.meta.url)), args, {
    execArgv: [...process.execArgv, `--max-old-space-size=${HEAP_MEGABYTES}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  made.stderr?.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-2000)));
  return new Promise((resolve) => {
    let reason: string | null = null;
    let last = { run: -1, since: performance.now() };
    const watch = setInterval(() => {
      const run = stateOf(folder)?.run ?? -1;
      if (run !== last.run) last = { run, since: performance.now() };
      // Samples are made before the first run, and models for them take a while.
      const patience = run === -1 ? 10 * LONGEST : LONGEST;
      if (performance.now() - last.since > patience) reason = `hang: no end within ${patience / 1000} s`;
      else if (memoryOf(made.pid) > MEMORY_MEGABYTES) reason = `memory: over ${MEMORY_MEGABYTES} MB`;
      if (reason !== null) made.kill('SIGKILL');
    }, 200);
    made.on('exit', (code) => {
      clearInterval(watch);
      const full = /heap out of memory/u.test(said) ? `memory: over ${HEAP_MEGABYTES} MB of heap` : `it ended with ${code}: ${said}`;
      resolve(reason ?? (code === 0 ? null : full));
    });
  });
}

function stateOf(folder: string): (Counts & { run: number }) | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')) as Counts & { run: number };
  } catch {
    return undefined; // not there yet, or being written
  }
}

/** Resident memory in megabytes, where the system tells it. */
function memoryOf(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
