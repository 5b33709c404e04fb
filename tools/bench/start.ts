// What `npm start` takes: seconds, phase by phase, and how often the processor could have done a fixed piece of work meanwhile, namely 100
// products of 1,024 x 1,024 matrices, so that slow machines and slow days compare.
// usage: npm run bench -- start [--run FOLDER] [--preset NAME]
//   --run     a finished run to read the times of, instead of a new one
//   --preset  default testbed, which is what npm start runs
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTiming, runFolder } from '@expctr/run';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { build } from '../build.js';
import { toolArguments, wrongUse } from '../common/arguments.js';
import { mean, median, processor, timed } from '../common/measure.js';
import { productTimes } from '../common/product-rate.js';

const { values: given } = toolArguments({ run: { type: 'string' }, preset: { type: 'string', default: 'testbed' } });
const [SIZE, PRODUCTS, ROUNDS] = [1024, 100, 3];

if (given.run !== undefined && !existsSync(runFolder(given.run).timing)) wrongUse(`${given.run} holds no finished run (no timing.jsonl)`);
console.log(processor());
const work: number[] = [];
await useOnnx();
await measureWork();
if (given.run === undefined) await newRun();
else await show(given.run);

/** Seconds that the fixed piece of work takes now. */
async function measureWork(): Promise<void> {
  work.push(...(await productTimes(SIZE, PRODUCTS, ROUNDS)));
}

/** Runs the trainer as `npm start` does, and the fixed work once more behind it: a slow minute may have come or gone. */
async function newRun(): Promise<void> {
  build('@expctr/trainer');
  const folder = mkdtempSync(join(tmpdir(), 'expctr-start-'));
  try {
    const args = ['apps/trainer/bin/expctr-train.js', '--preset', given.preset, '--out', join(folder, 'run')];
    const { result, milliseconds } = await timed(() => spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] }));
    if (result.status !== 0) throw new Error(`the run ended with status ${result.status}`);
    await measureWork();
    await show(join(folder, 'run'), milliseconds / 1000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param whole seconds from the start of the process to its end; default: the sum of the parts that a run notes */
async function show(folder: string, whole?: number): Promise<void> {
  const lines = await readTiming(runFolder(folder));
  const isUpdate = (line: Readonly<Record<string, unknown>>): boolean => 'phases' in line;
  const parts = lines.filter((line) => !isUpdate(line));
  const sum = parts.reduce((total, { seconds }) => total + Number(seconds), 0);
  console.log('\n| part | seconds |\n| --- | ---: |');
  for (const { name, seconds } of parts) console.log(`| ${String(name)} | ${Number(seconds).toFixed(1)} |`);
  if (whole !== undefined) console.log(`| start, data, models | ${(whole - sum).toFixed(1)} |`);
  for (const { name, phases, updates } of lines.filter(isUpdate)) {
    const each = Object.entries(phases as Record<string, number>).map(([phase, seconds]) => `${phase} ${seconds.toFixed(2)}`);
    console.log(`\n${String(name)} of ${String(updates)}, in seconds: ${each.join(', ')}`);
  }
  const seconds = whole ?? sum;
  const unit = median(work);
  console.log(
    `\n${clock(seconds)} in all; ${PRODUCTS} products of ${SIZE} take ${unit.toFixed(2)} s here (${Math.min(...work).toFixed(2)} to ${Math.max(...work).toFixed(2)}, mean ${mean(work).toFixed(2)}; ` +
      `${((2 * SIZE ** 3 * PRODUCTS) / unit / 1e9).toFixed(0)} GFLOPS): the run is ${(seconds / unit).toFixed(0)} times that`,
  );
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
