// What an ideal writer could reach in the testbed's world of meanings: areas under the curve on the test rows, without a language model. The
// writer knows what words mean and not how much the platform counts each field; CTR rows teach the latter. Two tables in Markdown.
// The first is a logistic regression on what the history counts of the target (`counts`), the sum of the writer's expected tastes alone
// (`icl`) and beside the counts (`verdict_aug`), the signs of its claims (`signs_aug`) and their degrees (`graded_aug`) beside the counts;
// `bayes` are the probabilities that labels were drawn with, `both` one who knows meanings and weights. The second puts the claims into CTR
// models of this project, beside evidence features: as their sum (`verdict`), as degrees by field (`degrees`), and as sentences that
// went through an encoder, whole or by attribute.
//   usage: npm run experiment -- fair-world [--worlds 3] [--users 300] [--history 60] [--epochs N] [--python PYTHON]
// With --python (an interpreter with numpy, scipy, scikit-learn and pyarrow) tools/oracles/testbed_world.py reads the same worlds from the
// files that writeTestbed writes, holds them to what they are said to be, and prints the first table by itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { auc, buildFeatures, fitCtr, selectRows, withVectors, type InteractionVectors } from '@expctr/ctr-models';
import { rowsOf, type PreparedDataset } from '@expctr/data';
import { attributeEncoder, loadEncoder } from '@expctr/encoder';
import { generateWorld, prepareWorld, writeTestbed } from '@expctr/testbed';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { toolArguments, wholeNumber } from '../common/arguments.js';
import { processor } from '../common/measure.js';
import { ridgeRegression } from '../common/ridge-regression.js';
import { printed } from '../common/scripts.js';
import { idealWriter, type SeenRow } from './ideal-writer.js';

const { values: given } = toolArguments({
  worlds: { type: 'string', default: '3' },
  users: { type: 'string', default: '300' },
  history: { type: 'string', default: '60' },
  epochs: { type: 'string' },
  python: { type: 'string' },
});
const users = wholeNumber('--users', given.users);
const data = { kCore: 0, history: { length: wholeNumber('--history', given.history) } };
const seeds = Array.from({ length: wholeNumber('--worlds', given.worlds) }, (_, at) => at + 1);
const fitOptions = given.epochs === undefined ? {} : { epochs: wholeNumber('--epochs', given.epochs) };

/** scikit-learn's C = 0.3. */
const RIDGE = 1 / 0.3;
const BACKBONES = ['logistic-regression', 'deepfm'] as const;
/** An encoder, its options, and whether it also encodes what is said of each attribute apart. */
const ENCODERS: readonly (readonly [name: string, spec: string, options: Readonly<Record<string, unknown>>, byAttribute: boolean])[] = [
  ['hashed:256', 'hashed:256', {}, false],
  ['hashed:1024, pairs', 'hashed:1024', { ngrams: 2 }, false],
  ['static', 'static', {}, false],
  ['hashed:64, by attribute', 'hashed:64', {}, true],
  ['static, by attribute', 'static', {}, true],
];

/** Figures of a world by their names. */
type Figures = Readonly<Record<string, number>>;
const first: Figures[] = [];
const second: Record<(typeof BACKBONES)[number], Figures[]> = { 'logistic-regression': [], deepfm: [] };

await useOnnx();
for (const seed of seeds) {
  const world = generateWorld({ seed, users });
  const dataset = prepareWorld(world, data);
  const { interactions, truth } = dataset;
  const parts = {
    train: [...rowsOf(interactions, 'train', 'ctr')],
    valid: [...rowsOf(interactions, 'valid')],
    test: [...rowsOf(interactions, 'test')],
  };
  const read = idealWriter(world, dataset);
  const seen = new Map(Object.values(parts).flatMap((rows) => rows.map((row) => [row, read(row)] as const)));
  first.push(regressions(interactions.label, parts, seen, (row) => truth[row]!.bayesProbability));
  for (const backbone of BACKBONES) second[backbone].push(await models(dataset, parts, seen, backbone));
  process.stderr.write(`world ${seed}\n`);
}

console.log(`${processor()}\n`);
print(
  ['world', ...Object.keys(first[0]!)],
  [...first.entries()].map(([at, own]) => [String(seeds[at]), own] as const).concat([['mean', mean(first)]]),
);
console.log();
print(
  ['CTR model, mean of the worlds', ...Object.keys(second.deepfm[0]!)],
  BACKBONES.map((backbone) => [backbone, mean(second[backbone])]),
);
if (given.python !== undefined) console.log(`\n${await outside(given.python)}`);

/** Rows to fit on, to stop by and to judge on. */
interface Parts {
  readonly train: readonly number[];
  readonly valid: readonly number[];
  readonly test: readonly number[];
}

function regressions(
  label: Uint8Array,
  { train, test }: Parts,
  seen: ReadonlyMap<number, SeenRow>,
  bayes: (row: number) => number,
): Figures {
  const labelsOf = (rows: readonly number[]): number[] => rows.map((row) => label[row]!);
  const area = (score: (row: number) => number): number => auc(labelsOf(test), test.map(score));
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  const fitted = (columns: (row: SeenRow) => readonly number[]): number => {
    const of = (row: number): readonly number[] => [...seen.get(row)!.counts, ...columns(seen.get(row)!)];
    const logit = ridgeRegression(train.map(of), labelsOf(train), RIDGE);
    return area((row) => logit(of(row)));
  };
  return {
    'CTR rows': train.length,
    'test rows': test.length,
    bayes: area(bayes),
    counts: fitted(() => []),
    icl: area((row) => total(seen.get(row)!.tastes)),
    verdict_aug: fitted(({ tastes }) => [total(tastes)]),
    signs_aug: fitted(({ degrees }) => degrees.map(Math.sign)),
    graded_aug: fitted(({ degrees }) => gradeColumns(degrees)),
    both: area((row) => total(seen.get(row)!.contributions)),
  };
}

/** Each field's degree as a number, and one column for each degree that it can have. */
function gradeColumns(degrees: readonly number[]): number[] {
  return [...degrees, ...degrees.flatMap((degree) => [-2, -1, 0, 1, 2].map((other) => (degree === other ? 1 : 0)))];
}

/** AUC of a CTR model on evidence, and with what the writer says beside it in several forms. */
async function models(
  { interactions, items }: PreparedDataset,
  { train, valid, test }: Parts,
  seen: ReadonlyMap<number, SeenRow>,
  backbone: string,
): Promise<Figures> {
  const rows = [...seen.keys()];
  const place = new Map(rows.map((row, at) => [row, at]));
  const features = buildFeatures({ interactions, items, rows, fitRows: train, evidence: true });
  const vectors = (lists: readonly (readonly number[])[]): InteractionVectors => {
    return { data: Float32Array.from(lists.flat()), dimension: lists[0]!.length, interactionIds: rows };
  };
  const judge = async (explained: InteractionVectors | null): Promise<number> => {
    const all = explained === null ? features : withVectors(features, { explanation: explained });
    const part = (of: readonly number[]) =>
      selectRows(
        all,
        of.map((row) => place.get(row)!),
      );
    const model = await fitCtr({ backbone, train: part(train), valid: part(valid), options: fitOptions, rng: createRng(1).fork('ctr') });
    try {
      return auc(part(test).labels, await model.predict(part(test)));
    } finally {
      await model.dispose();
    }
  };
  const told = rows.map((row) => seen.get(row)!);
  const figures: Record<string, number> = {
    evidence: await judge(null),
    verdict: await judge(vectors(told.map(({ tastes }) => [tastes.reduce((sum, taste) => sum + taste, 0)]))),
    degrees: await judge(vectors(told.map(({ degrees }) => gradeColumns(degrees)))),
  };
  const texts = told.map(({ text }, at) => {
    const item = interactions.item[rows[at]!]!;
    return { text, attributes: Object.fromEntries(Object.entries(items.attributes).map(([name, lists]) => [name, lists[item]!])) };
  });
  for (const [name, spec, options, byAttribute] of ENCODERS) {
    const encoder = await loadEncoder(spec, options);
    const apart = attributeEncoder(encoder, byAttribute ? Object.keys(items.attributes) : []);
    figures[name] = await judge({ data: await apart.encode(texts), dimension: apart.dimension, interactionIds: rows });
    await encoder.dispose?.();
  }
  return figures;
}

/** What the independent reading of the same worlds prints. */
async function outside(python: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'expctr-fair-world-'));
  try {
    const folders = seeds.map((seed) => join(folder, `world-${seed}`));
    for (const [at, seed] of seeds.entries()) await writeTestbed(folders[at]!, generateWorld({ seed, users }), data);
    return await printed([python, join(import.meta.dirname, '..', 'oracles', 'testbed_world.py')], ...folders);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function mean(figures: readonly Figures[]): Figures {
  const names = Object.keys(figures[0]!);
  return Object.fromEntries(names.map((name) => [name, figures.reduce((sum, own) => sum + own[name]!, 0) / figures.length]));
}

function print(head: readonly string[], rows: readonly (readonly [name: string, figures: Figures])[]): void {
  const line = (cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);
  line(head);
  line(head.map(() => '---'));
  for (const [name, figures] of rows)
    line([name, ...Object.values(figures).map((value) => (value > 1 ? value.toFixed(0) : value.toFixed(3)))]);
}
