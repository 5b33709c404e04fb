import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseJob, readJob } from '../src/job/read-job.js';
import { rateText } from '../src/measure.js';
import { encodeJob, freshFolder, planIn, writeTexts } from './support.js';

const explainJob = { format: 'expctr-job/1', kind: 'explain', inputs: { data: 'data' }, model: 'generated' };

test.each([
  ['an unknown kind', { ...explainJob, kind: 'explane' }, 'kind'],
  ['another format', { ...explainJob, format: 'expctr-job/2' }, 'format'],
  ['a field that no job has', { ...explainJob, adaptor: 'x' }, 'adapter'],
  ['an input that the kind does not have', { ...explainJob, inputs: { data: 'data', texts: 'x' } }, 'inputs'],
  ['a missing input', { ...explainJob, inputs: {} }, 'inputs.data'],
  ['a section of a run that says nothing here', { ...explainJob, settings: { ppo: {} } }, 'settings'],
  ['rows backwards', { ...explainJob, rows: [5, 5] }, 'rows'],
  ['negative rows', { ...explainJob, rows: [-1, 5] }, 'rows.0'],
  ['rows beyond 32 bits', { ...explainJob, rows: [0, 2 ** 33] }, 'rows.1'],
  ['no rows in a chunk', { ...explainJob, chunkRows: 0 }, 'chunkRows'],
  ['no model', { ...explainJob, model: undefined }, 'model'],
  ['a list', [explainJob], 'job.json'],
  ['nothing', null, 'job.json'],
])('a job with %s is refused', (_, job, named) => {
  expect(() => parseJob(job, 'job.json')).toThrow(
    expect.objectContaining({ code: 'WORKER_JOB', wrongUse: true, message: expect.stringContaining(named) as string }) as Error,
  );
});

test('a job file that is not there or no JSON is refused; results lie beside it', async () => {
  const folder = await freshFolder();
  await expect(readJob(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'WORKER_JOB' });
  await writeFile(join(folder, 'bad.json'), '{"format":');
  await expect(readJob(join(folder, 'bad.json'))).rejects.toMatchObject({ code: 'WORKER_JOB' });
  await writeFile(join(folder, 'good.json'), JSON.stringify(encodeJob()));
  expect((await readJob(join(folder, 'good.json'))).out).toBe(join(folder, 'good'));
  await writeFile(join(folder, 'noending'), JSON.stringify(encodeJob()));
  await expect(readJob(join(folder, 'noending'))).rejects.toMatchObject({ code: 'WORKER_JOB' });
});

test('what a plan needs is looked for before anything is queued', async () => {
  const folder = await freshFolder();
  await writeTexts(folder, 10);
  const failing = (job: Record<string, unknown>): Promise<unknown> =>
    planIn(folder, job).then(
      () => null,
      (error: unknown) => error,
    );
  expect(await failing(encodeJob({ inputs: { texts: 'none.arrow' } }))).toMatchObject({ code: 'WORKER_INPUT' });
  expect(await failing(encodeJob({ rows: [0, 11] }))).toMatchObject({ code: 'WORKER_ROWS' });
  expect(await failing(encodeJob({ settings: { encoder: { byAttribute: true } } }))).toMatchObject({ code: 'WORKER_JOB' });
  expect(await failing(encodeJob({ settings: { encoder: { modle: 'x' } } }))).toMatchObject({ code: 'CONFIG_UNKNOWN_OPTION' });
  expect(await failing(encodeJob({ settings: { threads: 0 } }))).toMatchObject({ code: 'WORKER_JOB' });
  const read = { format: 'expctr-job/1', kind: 'read', inputs: { data: 'data', explanations: 'texts.arrow' }, model: 'generated' };
  expect(await failing(read)).toMatchObject({ code: 'WORKER_JOB', message: expect.stringContaining('reader.form') as string });
  await mkdir(join(folder, 'data'));
  expect(await failing({ ...explainJob, adapter: 'none' })).toMatchObject({ code: 'WORKER_INPUT' });
});

test('rows, chunks and options come from the job; a column that is not there is said when its rows are read', async () => {
  const folder = await freshFolder();
  await writeTexts(folder, 10);
  const { plan } = await planIn(folder, encodeJob({ rows: [2, 9], chunkRows: 4 }));
  expect(plan).toMatchObject({
    rows: [2, 9],
    chunkRows: 4,
    options: { column: 'read', threads: 1 },
    model: { path: 'hashed:8', isFile: false },
  });
});

test('what millions of rows take follows from rows a second of processor time', () => {
  const rate = { processor: 'A', cores: 2, threads: 1, rows: 8, rowsPerSecond: 1, rowsPerCoreSecond: 10, opening: 2, bytesPerRow: 1600 };
  expect(rateText('encode', rate).split('\n').slice(-2)).toEqual([
    '  10 million rows: 12 days on 1, 17 hours on 16, 65 minutes on 256 cores; results 16 GB',
    '  100 million rows: 116 days on 1, 7.2 days on 16, 11 hours on 256 cores; results 160 GB',
  ]);
});
