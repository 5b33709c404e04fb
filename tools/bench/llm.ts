// Language-model work of @expctr/llm-lora, beside transformers and PEFT on the same machine in the same sitting.
//
// usage: npm run bench -- llm MODEL_FOLDER [--work decode-1,decode-16,…] [--rounds 3] [--python PYTHON]
//   MODEL_FOLDER   SmolLM2-135M-Instruct with its GGUF file
//   --work         decode-1, decode-16, decode-32, prefill, step, step-last, step-completions, score, read; default: all
//   --python       an interpreter with torch, transformers, peft and gguf; without it only our figures are printed
// Each round runs every contestant once, in a process of its own and in turn, so that a slow minute hits all of them; the figure is the
// median of the rounds. Each contestant warms up before it is timed.
import { join } from 'node:path';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { inTurn, median, processor } from '../common/measure.js';
import { lastJson, printed, scriptCommand, type Command } from '../common/scripts.js';
import { WORK, type Figure } from './llm-work.js';

const { values, positionals } = toolArguments(
  {
    work: { type: 'string', default: Object.keys(WORK).join() },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string' },
  },
  1,
);
const [folder = wrongUse('no MODEL_FOLDER is given')] = positionals;
const rounds = wholeNumber('--rounds', values.rounds);
const names = values.work.split(',');
if (!names.every(isWork)) wrongUse(`--work takes ${Object.keys(WORK).join(', ')}; got "${values.work}"`);
const here = import.meta.dirname;
const commands: Record<string, Command> = { ours: scriptCommand(join(here, 'llm-ours.ts'), folder) };
if (values.python !== undefined) commands['peer'] = [values.python, join(here, 'llm_peer.py'), folder];

console.log(processor());
for (const name of names.filter(isWork)) {
  const work = JSON.stringify(WORK[name]);
  const contestants = Object.entries(commands).map(([who, command]) => [who, () => printed(command, work)] as const);
  const results = await inTurn(Object.fromEntries(contestants), rounds);
  const figures = Object.entries(results).map(([who, outputs]) => {
    const runs = outputs.map((output) => lastJson<Figure>(output));
    const figure = median(runs.map((each) => each.figure));
    const peak = median(runs.map((each) => each.gigabytes));
    return { figure, text: `${who} ${figure.toPrecision(3)} ${runs[0]!.unit} (peak ${peak.toFixed(2)} GB)` };
  });
  const [ours, peer] = figures;
  const ratio = ours === undefined || peer === undefined ? '' : `, ours / peer ${(ours.figure / peer.figure).toFixed(2)}`;
  console.log(`${WORK[name].title}: ${figures.map(({ text }) => text).join(', ')}${ratio}`);
}

function isWork(name: string): name is keyof typeof WORK {
  return name in WORK;
}
