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
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { activate, backends } from './backends.mjs';
import { deepFm, lora } from './steps.mjs';

const TOLERANCE = 1e-4;

const { values: options } = parseArgs({
  options: {
    steps: { type: 'string', default: '20' },
    'tfjs-node': { type: 'string' },
    only: { type: 'string' },
    models: { type: 'string' },
  },
});
const steps = Number(options.steps);
const only = options.only?.split(',') ?? Object.keys(backends);
const unknown = only.filter((name) => !(name in backends));
if (unknown.length > 0 || !Number.isInteger(steps) || steps < 1) {
  process.stderr.write(`usage: --steps wants a number of steps; --only wants names among ${Object.keys(backends).join(', ')}\n`);
  process.exit(2);
}
const folder = [options.models, 'shared/models', '../shared/models']
  .filter(Boolean)
  .map((each) => `${each}/stories260K`)
  .find((each) => existsSync(each));
const print = (line) => process.stdout.write(`${line}\n`);

const programs = { 'DeepFM with tables, batch 256': () => deepFm(steps) };
if (folder === undefined)
  print('skipped: the LoRA step, because shared/models/stories260K is not there (--models FOLDER says where it is)');
else programs['LoRA step, stories260K, rank 4 on q and v'] = () => lora(steps, { folder });

const missing = new Map();
const results = Object.fromEntries(Object.keys(programs).map((program) => [program, new Map()]));
let failed = false;
for (const title of only) {
  const reason = await activate(title, { tfjsNode: options['tfjs-node'] });
  if (reason !== undefined) {
    missing.set(title, reason);
    continue;
  }
  for (const [program, run] of Object.entries(programs)) {
    // the package of a backend may have made it the active one
    await tf.setBackend(backends[title].name);
    const started = performance.now();
    try {
      results[program].set(title, { losses: await run(), seconds: (performance.now() - started) / 1000 });
    } catch (error) {
      failed = true;
      print(`FAILED ${program} on ${title}: ${error.message}`);
    }
  }
}

for (const [program, columns] of Object.entries(results)) {
  const titles = [...columns.keys()];
  if (titles.length === 0) {
    failed = true;
    continue;
  }
  print(`\n${program}: loss before each step\n${['step', ...titles].map((title) => title.padStart(14)).join('')}`);
  let worst = 0;
  for (let i = 0; i < steps; i += 1) {
    const row = titles.map((title) => columns.get(title).losses[i]);
    worst = Math.max(worst, (Math.max(...row) - Math.min(...row)) / Math.abs(row[0]));
    print([String(i + 1), ...row.map((loss) => loss.toFixed(7))].map((cell) => cell.padStart(14)).join(''));
  }
  print(['seconds', ...titles.map((title) => columns.get(title).seconds.toFixed(2))].map((cell) => cell.padStart(14)).join(''));
  const equal = worst <= TOLERANCE;
  failed ||= !equal;
  print(`largest relative difference ${worst.toExponential(1)}, ${equal ? 'within' : 'MORE THAN'} ${TOLERANCE}`);
}
print('');
for (const reason of missing.values()) print(`missing: ${reason}`);
process.exit(failed ? 1 : 0);
