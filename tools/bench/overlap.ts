// Would it pay to write the next update's completions in a second process while the policy learns from the present ones?
//
// usage: npm run bench -- overlap MODEL_FOLDER [--work 4x4] [--threads N] [--rounds 3]
//   --threads  that there are: one after the other each phase has all of them, side by side each has half; default: the cores
// Overlapping changes what is learned (completions are of a policy that is one update old), so it has to save time that counts: the least
// that it can take is the longer of the two phases at half the threads. Weights are loaded twice. Medians of the rounds, in turn.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { median, processor } from '../common/measure.js';
import { scriptCommand, startLines } from '../common/scripts.js';
import { isWork, WORK, type UpdateWork } from './rl-work.js';

const { values, positionals } = toolArguments(
  { work: { type: 'string', default: '4x4' }, threads: { type: 'string' }, rounds: { type: 'string', default: '3' } },
  1,
);
const [folder = wrongUse('no MODEL_FOLDER is given')] = positionals;
const threads = values.threads === undefined ? availableParallelism() : wholeNumber('--threads', values.threads);
const rounds = wholeNumber('--rounds', values.rounds);
const work: UpdateWork = isWork(values.work)
  ? WORK[values.work]
  : wrongUse(`--work takes ${Object.keys(WORK).join(', ')}; got "${values.work}"`);
const start = (each: number): ReturnType<typeof startLines> =>
  startLines(scriptCommand(join(import.meta.dirname, 'overlap-ours.ts'), folder, JSON.stringify(work), String(each)));
const half = Math.max(1, Math.floor(threads / 2));
const [alone, writer, learner] = [start(threads), start(half), start(half)];

for (const phase of ['generate', 'learn']) await alone.ask(phase); // compiles
await writer.ask('generate');
await learner.ask('learn');
const seconds = { generate: [] as number[], learn: [] as number[], 'generate beside': [] as number[], 'learn beside': [] as number[] };
for (let round = 0; round < rounds; round += 1) {
  seconds.generate.push(Number(await alone.ask('generate')));
  seconds.learn.push(Number(await alone.ask('learn')));
  const [generated, learned] = await Promise.all([writer.ask('generate'), learner.ask('learn')]);
  seconds['generate beside'].push(Number(generated));
  seconds['learn beside'].push(Number(learned));
}
for (const each of [alone, writer, learner]) each.close();

const turn = median(seconds.generate.map((each, at) => each + seconds.learn[at]!));
const beside = median(seconds['generate beside'].map((each, at) => Math.max(each, seconds['learn beside'][at]!)));
console.log(`${processor()}; ${work.title}; ${threads} threads\n`);
console.log('| | generate, s | learn, s | an update, s |\n| --- | ---: | ---: | ---: |');
const row = (name: string, generate: readonly number[], learn: readonly number[], whole: number): string =>
  `| ${name} | ${median(generate).toFixed(2)} | ${median(learn).toFixed(2)} | ${whole.toFixed(2)} |`;
console.log(row(`one after the other, ${threads} threads`, seconds.generate, seconds.learn, turn));
console.log(row(`side by side, ${half} each`, seconds['generate beside'], seconds['learn beside'], beside));
console.log(`\nside by side is ${(turn / beside).toFixed(2)} times as fast`);
