import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mutate } from '../fuzz/mutate.js';
import { runTarget } from '../fuzz/run-target.js';
import { targets } from '../fuzz/targets.js';
import { createRng } from '@expctr/core';

/** Few, for every build; `npm run fuzz` has thousands. */
const RUNS = 6;

test.each(targets)('$name: files that were changed at random are read, or refused with a typed error', async (target) => {
  const folder = await mkdtemp(join(tmpdir(), 'expctr-fuzz-'));
  try {
    const { value, typed, failures } = await runTarget(target, { seed: 7, runs: RUNS, folder });
    expect(failures).toEqual([]);
    expect(value + typed).toBe(RUNS);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('what a run gets follows from seed and number alone, and a failure is told from a refusal', async () => {
  const changed = (seed: number): Buffer => mutate(Buffer.from('{"a": [1, 2, 3]}'), createRng(seed), true, Buffer.from('{"b": {}}'));
  expect(changed(3)).toEqual(changed(3));
  expect(new Set(Array.from({ length: 20 }, (_, seed) => changed(seed).toString())).size).toBeGreaterThan(10);
  const folder = await mkdtemp(join(tmpdir(), 'expctr-fuzz-'));
  const broken = {
    name: 'broken',
    description: 'fails at every file that is not whole',
    samples: () => Promise.resolve([{ x: Buffer.from('0123456789') }]),
    async read(input: string) {
      const { readFile } = await import('node:fs/promises');
      if ((await readFile(join(input, 'x'), 'latin1')) !== '0123456789') throw new TypeError('on purpose');
    },
  };
  const { value, typed, failures } = await runTarget(broken, { seed: 1, runs: 20, folder });
  await rm(folder, { recursive: true });
  expect(failures.length).toBeGreaterThan(10);
  expect(failures[0]!.what).toMatch(/^TypeError: on purpose at /u);
  expect([typed, value + failures.length]).toEqual([0, 20]);
});
