// Runs the same training steps on every tfjs backend that is there, and prints their losses side by side.
//
// usage: npm run backends [-- --steps N] [--tfjs-node FOLDER] [--only NAME,NAME] [--models FOLDER]
//   --steps N            steps of each program (20)
//   --tfjs-node FOLDER   where @tensorflow/tfjs-node (or -gpu) is installed, if not here: a folder with node_modules
//   --only NAME,NAME     backends by name: onnx, cpu, wasm, tfjs-node, tfjs-node-gpu
//   --models FOLDER      where stories260K is, if not in shared/models or ../shared/models
//
// Ends with status 1 if two losses differ by more than 1e-4 of their size, or a backend that is there fails.
import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { processor, timed } from '../common/measure.js';
import { activate, backends, backendTitles, type BackendTitle } from './backends.js';
import { deepFm, lora } from './steps.js';

const TOLERANCE = 1e-4;

/** What a backend made of a program. */
interface Column {
  readonly title: BackendTitle;
  readonly losses: readonly number[];
  readonly seconds: number;
}

const { values: options } = toolArguments({
  steps: { type: 'string', default: '20' },
  'tfjs-node': { type: 'string' },
  only: { type: 'string' },
  models: { type: 'string' },
});
const steps = wholeNumber('--steps', options.steps);
const only = options.only?.split(',') ?? backendTitles;
if (!only.every(isTitle)) wrongUse(`--only wants names among ${backendTitles.join(', ')}`);
const folder = [options.models, 'shared/models', '../shared/models']
  .flatMap((each) => (each === undefined ? [] : [`${each}/stories260K`]))
  .find((each) => existsSync(each));

const programs = new Map([['DeepFM with tables, batch 256', () => deepFm(steps)]]);
if (folder === undefined)
  console.log('skipped: the LoRA step, because shared/models/stories260K is not there (--models FOLDER says where it is)');
else programs.set('LoRA step, stories260K, rank 4 on q and v', () => lora(steps, folder));

console.log(processor());
const missing: string[] = [];
const results = new Map([...programs.keys()].map((program) => [program, [] as Column[]]));
let failed = false;
for (const title of only.filter(isTitle)) {
  const reason = await activate(title, options['tfjs-node']);
  if (reason !== undefined) {
    missing.push(reason);
    continue;
  }
  for (const [program, run] of programs) {
    // the package of a backend may have made it the active one
    await tf.setBackend(backends[title].name);
    try {
      const { result: losses, milliseconds } = await timed(run);
      results.get(program)!.push({ title, losses, seconds: milliseconds / 1000 });
    } catch (error) {
      failed = true;
      console.log(`FAILED ${program} on ${title}: ${(error as Error).message}`);
    }
  }
}

for (const [program, columns] of results) {
  if (columns.length === 0) {
    failed = true;
    continue;
  }
  const line = (head: string, cells: readonly string[]): void => console.log([head, ...cells].map((cell) => cell.padStart(14)).join(''));
  console.log(`\n${program}: loss before each step`);
  line(
    'step',
    columns.map(({ title }) => title),
  );
  let worst = 0;
  for (let i = 0; i < steps; i += 1) {
    const row = columns.map(({ losses }) => losses[i]!);
    worst = Math.max(worst, (Math.max(...row) - Math.min(...row)) / Math.abs(row[0]!));
    line(
      String(i + 1),
      row.map((loss) => loss.toFixed(7)),
    );
  }
  line(
    'seconds',
    columns.map(({ seconds }) => seconds.toFixed(2)),
  );
  const equal = worst <= TOLERANCE;
  failed ||= !equal;
  console.log(`largest relative difference ${worst.toExponential(1)}, ${equal ? 'within' : 'MORE THAN'} ${TOLERANCE}`);
}
console.log('');
for (const reason of missing) console.log(`missing: ${reason}`);
process.exit(failed ? 1 : 0);

function isTitle(name: string): name is BackendTitle {
  return name in backends;
}
