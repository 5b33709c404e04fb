// Language-model work of @expctr/llm-lora, beside transformers and PEFT on the same machine in the same sitting.
//
// usage: node tools/bench/llm.mjs MODEL_FOLDER [--work decode-1,decode-16,…] [--rounds 3] [--python PYTHON]
//   MODEL_FOLDER   SmolLM2-135M-Instruct with its GGUF file
//   --python       an interpreter with torch, transformers, peft and gguf; without it only our figures are printed
// Build first (npm run build). Each round runs every contestant once, in a process of its own and in turn, so that a slow minute
// hits all of them; the figure is the median of the rounds. Each contestant warms up before it is timed.
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { WORK } from './llm-work.mjs';

const run = promisify(execFile);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    work: { type: 'string', default: Object.keys(WORK).join() },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string' },
  },
});
const [folder] = positionals;
const names = values.work.split(',');
const unknown = names.find((name) => !(name in WORK));
if (folder === undefined || unknown !== undefined) {
  console.error(
    unknown === undefined
      ? 'usage: node tools/bench/llm.mjs MODEL_FOLDER [--work …] [--rounds N] [--python PYTHON]'
      : `no work is called ${unknown}`,
  );
  process.exit(2);
}
const here = import.meta.dirname;
const contestants = { ours: [process.execPath, resolve(here, 'llm-ours.mjs')] };
if (values.python !== undefined) contestants.peer = [values.python, resolve(here, 'llm_peer.py')];

for (const name of names) {
  const results = Object.fromEntries(Object.keys(contestants).map((who) => [who, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [who, [program, script]] of Object.entries(contestants)) {
      const { stdout } = await run(program, [script, folder, JSON.stringify(WORK[name])], { maxBuffer: 2 ** 24 }).catch((error) => {
        console.error(`${WORK[name].title}: ${who} failed\n${error.stderr ?? error}`);
        process.exit(1);
      });
      results[who].push(JSON.parse(stdout.trim().split('\n').at(-1)));
    }
  }
  const figures = Object.entries(results).map(([who, runs]) => {
    const { unit } = runs[0];
    const figure = median(runs.map((each) => each.figure));
    return {
      who,
      figure,
      text: `${who} ${figure.toPrecision(3)} ${unit} (peak ${median(runs.map((each) => each.gigabytes)).toFixed(2)} GB)`,
    };
  });
  const ratio = figures.length < 2 ? '' : `, ours / peer ${(figures[0].figure / figures[1].figure).toFixed(2)}`;
  console.log(`${WORK[name].title}: ${figures.map(({ text }) => text).join(', ')}${ratio}`);
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
