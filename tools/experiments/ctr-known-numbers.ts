// Are our CTR models those that people know? Logistic regression, FM, DeepFM, DCN V2 and FinalMLP with the settings of BARS beside a torch
// loop with the same rows, the same batches and the same distributions of initial values, over several seeds: AUC and log-loss on test rows.
//   usage: npm run experiment -- ctr-known-numbers --python PYTHON [--seeds 5] [--models fm,deepfm] [--data FOLDER] [--batch 128]
//                                                 [--epochs 100] [--threads 2] [--out FOLDER]
// --data    a folder with train.csv, valid.csv and test.csv of MovielensLatest_x1 (then the batch is BARS's 4096), or with tags.csv of
//           MovieLens, of which the same task is made: two tags not given for each one given. Default: ml-latest-small where it is at hand
// --python  a Python that has torch and numpy; without it only ours is printed
// --out     results are kept there, one file each, and not computed again
// Exit status 1 where our mean lies outside the range of torch's seeds, widened on each side by its standard deviation.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng, writeFileAtomic } from '@expctr/core';
import { auc, fitCtr, logLoss, type Features, type IdColumn } from '@expctr/ctr-models';
import { dataAsset } from '@expctr/test-support';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { processor } from '../common/measure.js';
import { lastJson, printed } from '../common/scripts.js';
import { KNOWN_MODELS, SHARED_OPTIONS, type KnownModel } from './known-models.js';
import { readTriples, TRIPLE_FIELDS, type TripleSplits } from './tag-triples.js';

interface Result {
  readonly auc: number;
  readonly logLoss: number;
  readonly epoch: number;
}

/** What the order of additions may make of models that start alike, as a logistic regression at zero does. */
const ROUNDING = 1e-4;

const { values } = toolArguments({
  python: { type: 'string' },
  seeds: { type: 'string', default: '5' },
  models: { type: 'string', default: KNOWN_MODELS.map(({ backbone }) => backbone).join(',') },
  data: { type: 'string' },
  batch: { type: 'string' },
  epochs: { type: 'string', default: '100' },
  threads: { type: 'string', default: '2' },
  out: { type: 'string' },
});
const seeds = wholeNumber('--seeds', values.seeds);
const epochs = wholeNumber('--epochs', values.epochs);
const models = values.models.split(',').map((name) => {
  return (
    KNOWN_MODELS.find(({ backbone }) => backbone === name) ?? wrongUse(`--models knows ${KNOWN_MODELS.map((m) => m.backbone).join(', ')}`)
  );
});
const asset = dataAsset('ml-latest-small');
const folder = values.data ?? (asset.missing === false ? asset.path : wrongUse(`--data is wanted: ${asset.missing}`));
const triples = await readTriples(folder, createRng('known numbers'));
const batchSize = wholeNumber('--batch', values.batch ?? (triples.name === 'MovielensLatest_x1' ? '4096' : '128'));
if (values.out !== undefined) await mkdir(values.out, { recursive: true });

await useOnnx();
console.log(
  `${processor()}\n${triples.name}: ${[triples.train, triples.valid, triples.test].map((part) => part.length).join(' / ')} rows, `,
);
console.log(`batches of ${batchSize}, ${seeds} seeds; mean and standard deviation over seeds\n`);
const line = (...cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);
line('model', 'AUC, torch', 'AUC, ours', 'log-loss, torch', 'log-loss, ours', 'epochs, torch / ours', 'BARS: AUC, log-loss', 'within');
line(...Array.from({ length: 8 }, () => '---'));
for (const model of models) {
  const [ours, theirs]: [Result[], Result[]] = [[], []];
  for (let seed = 1; seed <= seeds; seed += 1) {
    ours.push(await once(`ours-${model.backbone}-${seed}`, () => fitOurs(model, seed)));
    if (values.python !== undefined)
      theirs.push(await once(`torch-${model.backbone}-${seed}`, () => fitTorch(values.python!, model, seed)));
  }
  const within = (['auc', 'logLoss'] as const).every((figure) =>
    isWithin(
      ours.map((r) => r[figure]),
      theirs.map((r) => r[figure]),
    ),
  );
  if (theirs.length > 0 && !within) process.exitCode = 1;
  line(
    model.backbone,
    ...(['auc', 'logLoss'] as const).flatMap((figure) => [theirs, ours].map((side) => shown(side.map((result) => result[figure])))),
    [theirs, ours]
      .map((side) =>
        shown(
          side.map(({ epoch }) => epoch),
          1,
        ),
      )
      .join(' / '),
    `${model.reported.auc.toFixed(4)}, ${model.reported.logLoss.toFixed(4)}`,
    theirs.length === 0 ? '' : within ? 'yes' : 'NO',
  );
}

/** A result, of its file where there is one. */
async function once(name: string, make: () => Promise<Result>): Promise<Result> {
  const path = values.out === undefined ? undefined : join(values.out, `${name}-${batchSize}-${epochs}.json`);
  if (path !== undefined && existsSync(path)) return JSON.parse(await readFile(path, 'utf8')) as Result;
  const result = await make();
  if (path !== undefined) await writeFileAtomic(path, `${JSON.stringify(result)}\n`);
  return result;
}

async function fitOurs({ backbone, options }: KnownModel, seed: number): Promise<Result> {
  const { train, valid, test } = triples;
  const all = { ...SHARED_OPTIONS, ...options, epochs, batchSize };
  const model = await fitCtr({ backbone, train, valid, options: all, rng: createRng(seed) });
  const probabilities = await model.predict(test);
  await model.dispose();
  return { ...figures(test, probabilities), epoch: model.bestEpoch };
}

async function fitTorch(python: string, { backbone, options }: KnownModel, seed: number): Promise<Result> {
  const work = await mkdtemp(join(tmpdir(), 'expctr-known-'));
  try {
    const sizes = triples.train.schema.tables.map(({ vocabulary }) => vocabulary.length + 1);
    const job = { backbone, options: { ...SHARED_OPTIONS, ...options, batchSize }, seed, sizes, epochs, threads: Number(values.threads) };
    await writeFileAtomic(join(work, 'job.json'), JSON.stringify(job));
    await writeRows(work, triples);
    await writeFileAtomic(join(work, 'orders.bin'), new Uint8Array(orders(triples.train.length, seed).buffer));
    const { epoch } = lastJson<{ epoch: number }>(await printed([python, join(import.meta.dirname, 'ctr_known_numbers.py')], work));
    const bytes = await readFile(join(work, 'probabilities.bin'));
    return { ...figures(triples.test, new Float64Array(Uint8Array.from(bytes).buffer)), epoch };
  } finally {
    await rm(work, { recursive: true });
  }
}

function figures({ labels }: Features, probabilities: Float64Array): Pick<Result, 'auc' | 'logLoss'> {
  return { auc: auc(labels, probabilities), logLoss: logLoss(labels, probabilities) };
}

/** The order of rows in each epoch as a fit with this seed has it: each follows from the last. */
function orders(rows: number, seed: number): Int32Array {
  const [rng, order] = [createRng(seed), Int32Array.from({ length: rows }, (_, row) => row)];
  const all = new Int32Array(rows * epochs);
  for (let epoch = 1; epoch <= epochs; epoch += 1) all.set(rng.fork('order', epoch).shuffle(order), (epoch - 1) * rows);
  return all;
}

async function writeRows(work: string, { train, valid, test }: TripleSplits): Promise<void> {
  for (const [name, { length, columns, labels }] of Object.entries({ train, valid, test })) {
    const ids = new Int32Array(length * TRIPLE_FIELDS.length);
    TRIPLE_FIELDS.forEach((field, at) => {
      const column = columns[field] as IdColumn;
      for (let row = 0; row < length; row += 1) ids[row * TRIPLE_FIELDS.length + at] = column.ids[column.index?.[row] ?? row]!;
    });
    await writeFileAtomic(join(work, `${name}-ids.bin`), new Uint8Array(ids.buffer));
    await writeFileAtomic(join(work, `${name}-labels.bin`), Uint8Array.from(labels));
  }
}

function mean(of: readonly number[]): number {
  return of.reduce((sum, x) => sum + x, 0) / of.length;
}

function deviation(of: readonly number[]): number {
  return Math.sqrt(of.reduce((sum, x) => sum + (x - mean(of)) ** 2, 0) / Math.max(1, of.length - 1));
}

function isWithin(ours: readonly number[], theirs: readonly number[]): boolean {
  const [middle, slack] = [mean(ours), Math.max(deviation(theirs), ROUNDING)];
  return middle >= Math.min(...theirs) - slack && middle <= Math.max(...theirs) + slack;
}

function shown(of: readonly number[], digits = 4): string {
  return of.length === 0 ? '' : `${mean(of).toFixed(digits)} ± ${deviation(of).toFixed(digits)}`;
}
