import { expect, test } from 'vitest';
import { openGenerator } from '../src/explain/generator.js';
import type { Pair } from '../src/pairs/pair.js';

const script = new URL('./fixtures/writer-process.js', import.meta.url);
const pair = (title: string): Pair => ({
  userId: 'u',
  target: { id: 'i', title, attributes: {}, year: NaN, numbers: {} },
  history: [],
  interaction: null,
});
const nothing = (): undefined => undefined;

test('pairs that come together are explained together; one that does not fit fails alone', async () => {
  const generator = await openGenerator('run', { queue: 4, most: 8, onFailure: nothing, script });
  const told: string[] = [];
  const asked = [
    generator.explain(pair('a'), (text) => told.push(text)),
    generator.explain(pair('long'), nothing),
    generator.explain(pair('b'), nothing),
  ];
  const [a, long, b] = await Promise.allSettled(asked);
  expect(a).toEqual({ status: 'fulfilled', value: { text: 'a, 3 at a time', read: 'a' } });
  expect(b).toMatchObject({ value: { text: 'b, 3 at a time' } });
  expect(long).toMatchObject({ status: 'rejected', reason: { code: 'SERVE_REQUEST', where: 'item' } });
  expect(told).toEqual(['a…']);
  await generator.close();
});

test('what fails and what dies is told to the log and refused without its reason, and the next pair has a new process', async () => {
  const failures: string[] = [];
  const generator = await openGenerator('run', {
    queue: 2,
    most: 1,
    onFailure: (error) => failures.push((error as Error).message),
    script,
  });
  for (const title of ['fail', 'die']) {
    const error: Error = await generator.explain(pair(title), nothing).then(
      () => new Error('it was explained'),
      (thrown: Error) => thrown,
    );
    expect(error).toMatchObject({ code: 'SERVE_GENERATOR', status: 503 });
    expect(error.message).not.toMatch(/failed|status 3/u);
  }
  expect(failures).toEqual([expect.stringContaining('it failed'), expect.stringContaining('ended with status 3')]);
  expect(await generator.explain(pair('c'), nothing)).toEqual({ text: 'c, 1 at a time', read: 'c' });
  const waiting = [generator.explain(pair('d'), nothing), generator.explain(pair('e'), nothing)];
  await expect(generator.explain(pair('f'), nothing)).rejects.toMatchObject({ code: 'SERVE_BUSY', headers: { 'retry-after': '1' } });
  await Promise.all(waiting);
  await generator.close();
});

test('a language model that cannot be loaded keeps the server from starting', async () => {
  await expect(openGenerator('broken', { queue: 1, most: 1, onFailure: nothing, script })).rejects.toMatchObject({
    code: 'SERVE_GENERATOR',
    message: expect.stringContaining('no weights') as string,
  });
});
