import { expect, test } from 'vitest';
import { downloadProgress } from '../src/download-progress.js';
import type { Progress } from '../src/progress.js';

test('each lot of files is one bar in megabytes, which ends once; small lots are not shown', () => {
  const seen: unknown[] = [];
  const progress: Progress = {
    say: () => undefined,
    begin(name, total, unit) {
      seen.push([name, total, unit]);
      return { update: (completed) => void seen.push(completed), done: () => void seen.push('done') };
    },
  };
  const show = downloadProgress(progress);
  const lot = (total: number, ...bytes: readonly number[]) => {
    for (const at of bytes) show({ model: 'org/model', file: 'a', bytes: at, total });
  };
  lot(999_999, 5, 999_999, 999_999);
  lot(2_500_000, 1_000_000, 2_400_000, 2_500_000, 2_500_000);
  lot(7_000_000, 3_000_000, 7_000_000);
  expect(seen).toEqual([['fetching model', 3, 'MB'], 1, 2, 'done', ['fetching model', 7, 'MB'], 3, 'done']);
});
