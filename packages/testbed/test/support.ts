import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** An empty folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'expctr-testbed-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Area under the ROC curve; ties count half. */
export function areaUnderCurve(scores: readonly number[], labels: readonly boolean[]): number {
  const order = scores.map((score, at) => ({ score, label: labels[at]! })).sort((a, b) => a.score - b.score);
  let [wins, negativesBelow, positives] = [0, 0, 0];
  for (let at = 0; at < order.length;) {
    let end = at;
    while (end < order.length && order[end]!.score === order[at]!.score) end += 1;
    const group = order.slice(at, end);
    const up = group.filter(({ label }) => label).length;
    wins += up * (negativesBelow + (group.length - up) / 2);
    positives += up;
    negativesBelow += group.length - up;
    at = end;
  }
  return wins / (positives * negativesBelow);
}
