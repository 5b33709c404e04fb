import { expect, test } from 'vitest';
import { fastestSeconds, inTurn, mean, median } from '../common/measure.js';
import { lastJson, printed, startLines } from '../common/scripts.js';

test('the median is the middle one, the upper of two, and leaves the list as it is', () => {
  const numbers = [5, 1, 4, 2];
  expect(median(numbers)).toBe(4);
  expect(median([3, 1, 2])).toBe(2);
  expect(numbers).toEqual([5, 1, 4, 2]);
  expect(mean(Float32Array.of(1, 2, 6))).toBe(3);
});

test('contestants take turns, round by round', async () => {
  const order: string[] = [];
  const run = (name: string) => (round: number) => (order.push(`${name}${round}`), round);
  expect(await inTurn({ ours: run('a'), theirs: run('b') }, 2)).toEqual({ ours: [0, 1], theirs: [0, 1] });
  expect(order).toEqual(['a0', 'b0', 'a1', 'b1']);
});

test('the first of the runs does not count', async () => {
  let runs = 0;
  const seconds = await fastestSeconds(2, () => new Promise((done) => setTimeout(done, runs++ === 0 ? 0 : 20)));
  expect(runs).toBe(3);
  expect(seconds).toBeGreaterThan(0.015);
});

test('of what a process prints, the last line counts; where it fails, what it said is told', async () => {
  expect(lastJson(await printed([process.execPath, '-e'], 'console.log("warming up\\n[1,2]")'))).toEqual([1, 2]);
  await expect(printed([process.execPath, '-e'], 'console.error("no torch"); process.exit(3)')).rejects.toThrow(/ended with 3\nno torch/u);
});

test('a process answers lines with lines, until it ends', async () => {
  const echo =
    'require("readline").createInterface({ input: process.stdin }).on("line", (l) => l === "end" ? process.exit() : console.log(l + "!"))';
  const lines = startLines([process.execPath, '-e', echo]);
  expect(await lines.ask('one')).toBe('one!');
  expect(await lines.ask('two')).toBe('two!');
  await expect(lines.ask('end')).rejects.toThrow('ended while it ran end');
});
