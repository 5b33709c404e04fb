// Whole updates of policy optimization, beside trl's GRPO on the same machine in the same sitting.
//
// usage: npm run bench -- rl MODEL_FOLDER [--work 4x4,16x8] [--algorithms ppo,grpo] [--rounds 3] [--updates 2] [--python PYTHON]
//   MODEL_FOLDER   SmolLM2-135M-Instruct with its GGUF file, or another folder of a Llama
//   --work         4x4 or 16x8: prompts x completions, 155 + 48 tokens, KL to the base model, rank 16; default: both
//   --algorithms   ours, each against trl's GRPO; default: ppo,grpo
//   --updates      that are timed in a process, after one that compiles
//   --python       an interpreter with torch, transformers, peft, trl and gguf; without it only our figures are printed
// Each round runs every contestant once, in a process of its own and in turn, so that a slow minute hits all of them; figures are medians of
// the rounds. The limit is the least time in which the processor can do what an update needs: the products of a forward pass for the
// rollout, for the old and for the reference log-probabilities, and of forward and backward for the step, prompts once for all of their
// completions and logits only of responses, over the rate of products measured in the same minute.
import { join } from 'node:path';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { forwardOperations } from '../common/decoder-operations.js';
import { inTurn, median, processor } from '../common/measure.js';
import { productRate } from '../common/product-rate.js';
import { lastJson, printed, scriptCommand, type Command } from '../common/scripts.js';
import { isWork, WORK, type UpdateFigure, type UpdateWork } from './rl-work.js';

const { values, positionals } = toolArguments(
  {
    work: { type: 'string', default: Object.keys(WORK).join() },
    algorithms: { type: 'string', default: 'ppo,grpo' },
    rounds: { type: 'string', default: '3' },
    updates: { type: 'string', default: '2' },
    python: { type: 'string' },
  },
  1,
);
const [folder = wrongUse('no MODEL_FOLDER is given')] = positionals;
const rounds = wholeNumber('--rounds', values.rounds);
const updates = String(wholeNumber('--updates', values.updates));
const names = values.work.split(',');
if (!names.every(isWork)) wrongUse(`--work takes ${Object.keys(WORK).join(', ')}; got "${values.work}"`);
const here = import.meta.dirname;

await useOnnx();
console.log(processor());
for (const name of names.filter(isWork)) {
  const work: UpdateWork = WORK[name];
  const samples = work.prompts * work.completions;
  const json = JSON.stringify(work);
  const commands: Record<string, Command> = {};
  for (const algorithm of values.algorithms.split(',')) commands[algorithm] = scriptCommand(join(here, 'rl-ours.ts'), folder, algorithm);
  if (values.python !== undefined) commands['trl'] = [values.python, join(here, 'rl_peer.py'), folder];
  const rates: number[] = [];
  const contestants = Object.entries(commands).map(([who, command]) => [who, () => printed(command, json, updates)] as const);
  const measureRate = async (): Promise<string> => {
    rates.push(await productRate());
    return '';
  };
  const results = await inTurn<string, string>({ rate: measureRate, ...Object.fromEntries(contestants) }, rounds);
  const figures = Object.keys(commands).map((who) => summary(who, results[who]!.map(lastJson<UpdateFigure>)));
  const peer = figures.find(({ who }) => who === 'trl');
  const rate = median(rates);
  // three forward passes, and forward and backward of the step, without gradients of frozen weights
  const limit = (5 * (await forwardOperations(folder, work))) / rate;
  console.log(`\n${work.title}: ${(rate / 1e9).toFixed(0)} GFLOPS, limit ${limit.toFixed(2)} s`);
  console.log(
    '| | seconds | parts | samples a second | over the limit | peak, GB | against trl |\n| --- | ---: | --- | ---: | ---: | ---: | ---: |',
  );
  for (const { who, seconds, phases, gigabytes } of figures) {
    const parts = Object.entries(phases).map(([phase, part]) => `${phase} ${part.toFixed(2)}`);
    const against =
      peer === undefined || who === 'trl'
        ? ''
        : `${(peer.seconds / seconds).toFixed(2)} times, ${(gigabytes / peer.gigabytes).toFixed(2)} of its memory`;
    const columns = [
      who,
      seconds.toFixed(2),
      parts.join(', '),
      (samples / seconds).toFixed(2),
      `${(seconds / limit).toFixed(2)}`,
      gigabytes.toFixed(2),
    ];
    console.log(`| ${[...columns, against].join(' | ')} |`);
  }
}
process.exit(0);

function summary(who: string, rounds: readonly UpdateFigure[]): UpdateFigure & { readonly who: string } {
  const phases = Object.keys(rounds[0]!.phases).map((phase) => [phase, median(rounds.map((round) => round.phases[phase]!))] as const);
  return {
    who,
    seconds: median(rounds.map(({ seconds }) => seconds)),
    phases: Object.fromEntries(phases),
    gigabytes: median(rounds.map(({ gigabytes }) => gigabytes)),
  };
}
