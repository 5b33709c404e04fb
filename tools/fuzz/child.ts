// The process in which fuzz.ts lets a target read, so that neither a hang nor a full heap ends the tool.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTarget, type Counts } from './run-target.js';
import { targets } from './targets.js';

const [name = '', seed = '', from = '', runs = '', folder = '', keep = ''] = process.argv.slice(2);
const target = targets.find((each) => each.name === name)!;
const say = (run: number, counts: Counts): void => writeFileSync(join(folder, 'state.json'), JSON.stringify({ run, ...counts }));
const counts = await runTarget(target, { seed: Number(seed), from: Number(from), runs: Number(runs), folder, keep, onRun: say });
say(Number(from) + Number(runs), counts);
process.exit(0);
