import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { embeddingsFromTable, readTable, writeTable } from '@expctr/data';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { joinChunks } from '../src/chunks/join.js';
import { makeChunk } from '../src/chunks/make-chunk.js';
import { runLocally } from '../src/chunks/run-local.js';
import { chunkStore } from '../src/chunks/store.js';
import { embeddingsForm } from '../src/kinds/forms.js';
import { kinds } from '../src/kinds/table.js';
import { chunksOf, type Chunk } from '../src/plan/chunks.js';
import { planOf, readPlan, writePlan, type PlacedPlan, type Plan } from '../src/plan/plan.js';
import { silentProgress } from '@expctr/trainer';
import { encodeJob, freshFolder, planIn, writeTexts } from './support.js';

const ROWS = 40;
let folder = '';
let placed: PlacedPlan;

beforeAll(async () => {
  folder = await freshFolder();
  await writeTexts(folder, ROWS);
  placed = await planIn(folder, encodeJob({ chunkRows: 8 }));
});

/** The plan with a folder of results of its own. */
async function fresh(): Promise<PlacedPlan> {
  const out = await freshFolder();
  return {
    plan: { ...placed.plan, inputs: { texts: { ...placed.plan.inputs['texts']!, path: join(folder, 'texts.arrow') } } },
    folder: out,
  };
}

const bytes = async (file: string): Promise<string> => (await readFile(file)).toString('hex');

test('chunks lie side by side and cover every row once, whatever range and size', () => {
  const range = fc.tuple(fc.nat(10_000), fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 400 }));
  fc.assert(
    fc.property(range, ([from, rows, chunkRows]) => {
      const chunks = chunksOf({ ...placed.plan, rows: [from, from + rows], chunkRows });
      const covered = chunks.flatMap((chunk) => Array.from({ length: chunk.to - chunk.from }, (_, at) => chunk.from + at));
      return (
        covered.length === rows &&
        covered.every((row, at) => row === from + at) &&
        chunks.every((chunk) => chunk.to > chunk.from && chunk.to - chunk.from <= chunkRows) &&
        new Set(chunks.map(({ key }) => key)).size === chunks.length
      );
    }),
    { numRuns: 60 },
  );
});

test('a key follows from all that decides the result, and from no path', () => {
  const { plan } = placed;
  const keyOf = (changes: Partial<Plan>): string => chunksOf({ ...plan, ...changes })[0]!.key;
  const key = keyOf({});
  const text = plan.inputs['texts']!;
  const hash = 'f'.repeat(64);
  const deciding: Partial<Plan>[] = [
    { kind: 'read' },
    { version: '9.9.9' },
    { inputs: { texts: { ...text, sha256: hash } } },
    { model: { ...plan.model, sha256: hash } },
    { options: { ...plan.options, column: 'explanation' } },
    { options: { ...plan.options, threads: 2 } },
    { rows: [1, ROWS] },
    { chunkRows: 7 },
  ];
  expect(new Set([key, ...deciding.map(keyOf)]).size).toBe(deciding.length + 1);
  for (const same of [
    { inputs: { texts: { ...text, path: '/elsewhere/texts.arrow' } } },
    { model: { ...plan.model, path: 'elsewhere' } },
    { pace: { batchSize: 3 } },
    { options: Object.fromEntries(Object.entries(plan.options).reverse()) },
    { rows: [0, 8] as [number, number] },
  ]) {
    expect(keyOf(same)).toBe(key);
  }
});

test('the same table comes of any chunks and any order, and is what one call makes', async () => {
  const whole = await fresh();
  const once = { ...whole, plan: { ...whole.plan, chunkRows: ROWS } };
  const work = await kinds.encode.open(once, { hub: {}, progress: silentProgress, signal: undefined });
  const direct = join(whole.folder, 'direct.arrow');
  await writeTable(direct, embeddingsForm.toTable((await work.rows(0, ROWS)) as never));
  await work.close();
  const expected = await bytes(direct);

  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: ROWS }), fc.boolean(), async (chunkRows, backwards) => {
      const { plan, folder: out } = await fresh();
      const cut = { folder: out, plan: { ...plan, chunkRows } };
      if (backwards) {
        const opened = await kinds.encode.open(cut, { hub: {}, progress: silentProgress, signal: undefined });
        for (const chunk of chunksOf(cut.plan).reverse())
          await makeChunk(
            cut,
            chunkStore(out),
            chunk,
            () => Promise.resolve(opened),
            () => undefined,
          );
        await opened.close();
      }
      await runLocally(cut);
      expect(await joinChunks(cut, join(out, 'all.arrow'))).toBe(ROWS);
      expect(await bytes(join(out, 'all.arrow'))).toBe(expected);
    }),
    { numRuns: 4 },
  );
  const { interactionId } = embeddingsFromTable(await readTable(direct));
  expect([...interactionId]).toEqual(Array.from({ length: ROWS }, (_, row) => 1000 + row));
});

test('of two attempts at once the first counts, and the other leaves nothing', async () => {
  const { plan, folder: out } = await fresh();
  const store = chunkStore(out);
  const [chunk] = chunksOf(plan);
  let firstMayEnd = (): void => undefined;
  const waiting = new Promise<void>((resolve) => (firstMayEnd = resolve));
  const slow = store.attempt(chunk!, async (file) => {
    await writeFile(file, 'slow');
    await waiting;
  });
  const quick = await store.attempt(chunk!, (file) => writeFile(file, 'quick'));
  firstMayEnd();
  expect([quick, await slow]).toEqual([true, false]);
  expect(await readFile(store.file(chunk!), 'utf8')).toBe('quick');
  expect(await store.state(chunk!)).toBe('whole');
  expect(await readdir(join(out, 'attempts'))).toEqual([]);
});

test('many attempts at once leave one result, whole', async () => {
  const { plan, folder: out } = await fresh();
  const store = chunkStore(out);
  const chunk = chunksOf(plan)[1]!;
  const attempts = Array.from({ length: 12 }, (_, n) => store.attempt(chunk, (file) => writeFile(file, `attempt ${n}`.repeat(n + 1))));
  expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1);
  expect(await store.state(chunk)).toBe('whole');
});

test('an attempt that fails or is killed counts for nothing, and the chunk is made by the next', async () => {
  const { plan, folder: out } = await fresh();
  const store = chunkStore(out);
  const [chunk] = chunksOf(plan);
  await expect(store.attempt(chunk!, () => Promise.reject(new Error('no memory')))).rejects.toThrow('no memory');
  expect(await readdir(join(out, 'attempts'))).toEqual([]);
  // what a SIGKILL leaves, before and behind the seal
  for (const token of ['killed-early', 'killed-late']) {
    await mkdir(join(out, 'attempts', token), { recursive: true });
    await writeFile(join(out, 'attempts', token, `${chunk!.key}.arrow`), 'half');
  }
  await writeFile(join(out, 'attempts', 'killed-late', 'seal.json'), JSON.stringify({ ...chunk, bytes: 4, sha256: 'x' }));
  expect(await store.state(chunk!)).toBe('absent');
  expect(await runLocally({ plan, folder: out })).toEqual({ made: ROWS, found: 0 });
  await joinChunks({ plan, folder: out }, join(out, 'all.arrow'));
  expect(await readdir(out)).not.toContain('attempts');
});

test('a late attempt whose folder was tidied away is no failure', async () => {
  const { plan, folder: out } = await fresh();
  const store = chunkStore(out);
  const [chunk] = chunksOf(plan);
  const late = store.attempt(chunk!, async (file) => {
    await store.attempt(chunk!, (other) => writeFile(other, 'first'));
    await store.tidy();
    await writeFile(file, 'late');
  });
  expect(await late).toBe(false);
});

test('what is there is not made again, and a damaged result is set aside and made anew', async () => {
  const { plan, folder: out } = await fresh();
  const placedHere = { plan, folder: out };
  await runLocally(placedHere);
  await joinChunks(placedHere, join(out, 'before.arrow'));
  expect(await runLocally(placedHere)).toEqual({ made: 0, found: ROWS });
  const store = chunkStore(out);
  const [first, second, third] = chunksOf(plan) as [Chunk, Chunk, Chunk];
  await appendFile(store.file(first), 'x');
  await rm(join(out, 'chunks', second.key, 'seal.json'));
  await rm(store.file(third));
  await expect(joinChunks(placedHere, join(out, 'after.arrow'))).rejects.toMatchObject({ code: 'WORKER_DAMAGED' });
  const said: string[] = [];
  const progress = { ...silentProgress, say: (text: string) => void said.push(text) };
  expect(await runLocally(placedHere, { progress })).toEqual({ made: 24, found: 16 });
  expect(said).toHaveLength(3);
  expect(await readdir(join(out, 'damaged'))).toHaveLength(3);
  await joinChunks(placedHere, join(out, 'after.arrow'));
  expect(await bytes(join(out, 'after.arrow'))).toBe(await bytes(join(out, 'before.arrow')));
});

test('a join refuses missing chunks by their rows, and results of other rows', async () => {
  const { plan, folder: out } = await fresh();
  const placedHere = { plan, folder: out };
  await runLocally(placedHere);
  const [first, second] = chunksOf(plan) as [Chunk, Chunk];
  await rename(join(out, 'chunks', second.key), join(out, 'elsewhere'));
  await expect(joinChunks(placedHere, join(out, 'all.arrow'))).rejects.toMatchObject({
    code: 'WORKER_INCOMPLETE',
    message: expect.stringContaining('rows 8 to 16') as string,
  });
  // the first chunk twice: under the name of the second
  await mkdir(join(out, 'chunks', second.key));
  await writeFile(join(out, 'chunks', second.key, `${second.key}.arrow`), await readFile(chunkStore(out).file(first)));
  await writeFile(join(out, 'chunks', second.key, 'seal.json'), await readFile(join(out, 'chunks', first.key, 'seal.json')));
  await expect(joinChunks(placedHere, join(out, 'all.arrow'))).rejects.toMatchObject({ code: 'WORKER_DAMAGED' });
  expect(await readdir(out)).not.toContain('all.arrow');
});

test('a chunk of the wrong length never counts', async () => {
  const { plan, folder: out } = await fresh();
  const [chunk] = chunksOf(plan);
  const short = { rows: () => Promise.resolve({ length: 7 }), close: () => Promise.resolve() };
  const making = makeChunk(
    { plan, folder: out },
    chunkStore(out),
    chunk!,
    () => Promise.resolve(short),
    () => undefined,
  );
  await expect(making).rejects.toMatchObject({ code: 'WORKER_ROWS' });
  expect(await chunkStore(out).has(chunk!)).toBe(false);
});

test('an input that changed after planning is refused', async () => {
  const own = await freshFolder();
  await writeTexts(own, 10);
  const there = await planIn(own, encodeJob());
  await writeTexts(own, 11);
  await expect(runLocally(there)).rejects.toMatchObject({ code: 'WORKER_INPUT_CHANGED' });
});

test('plans are kept with paths from their folder, and refused where damaged or of another version', async () => {
  const own = await freshFolder();
  await writeTexts(own, 10);
  const there = await planIn(own, encodeJob());
  expect(await writePlan(there)).toBe(false);
  expect(await writePlan(there)).toBe(false);
  expect(await readPlan(there.folder)).toEqual(there);
  expect(await readFile(join(there.folder, 'plan.json'), 'utf8')).not.toContain(own);
  expect(await writePlan({ ...there, plan: planOf({ ...there.plan, chunkRows: 3 }) })).toBe(true);
  await writeFile(join(there.folder, 'plan.json'), JSON.stringify({ ...there.plan, version: '0.0.1' }));
  await expect(readPlan(there.folder)).rejects.toMatchObject({ code: 'WORKER_OTHER_VERSION' });
  await writeFile(join(there.folder, 'plan.json'), '{"format": "expctr-plan/1"');
  await expect(readPlan(there.folder)).rejects.toMatchObject({ code: 'WORKER_PLAN' });
  await expect(readPlan(own)).rejects.toMatchObject({ code: 'WORKER_NO_PLAN' });
});
