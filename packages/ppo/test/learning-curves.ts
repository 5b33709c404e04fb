// How every algorithm learns the tasks of `tasks.ts`: mean score over five seeds, by update, as a table in Markdown.
//   usage: npm run tool packages/ppo/test/learning-curves.ts
import * as tf from '@tensorflow/tfjs';
import { algorithms, type AlgorithmName } from '../src/index.js';
import { learningCurve, TASKS } from './tasks.js';

const SEEDS = [1, 2, 3, 4, 5];
const EVERY = 4;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

await tf.setBackend('cpu');
for (const [name, task] of Object.entries(TASKS)) {
  const shown = Array.from({ length: Math.ceil(task.updates / EVERY) }, (_, i) => i * EVERY).concat(task.updates - 1);
  console.log(`\n${name}: ${task.description}\n\n| update | ${shown.join(' | ')} | worst seed |\n|${' --- |'.repeat(shown.length + 2)}`);
  for (const algorithm of Object.keys(algorithms) as AlgorithmName[]) {
    const curves: number[][] = [];
    for (const seed of SEEDS) curves.push(await learningCurve(task, algorithm, seed));
    const cells = shown.map((step) => mean(curves.map((curve) => curve[step]!)).toFixed(2));
    const worst = Math.min(...curves.map((curve) => curve.at(-1)!)).toFixed(2);
    console.log(`| \`${algorithm}\` | ${cells.join(' | ')} | ${worst} |`);
  }
}
