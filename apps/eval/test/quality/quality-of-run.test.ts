import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { auc } from '@expctr/ctr-models';
import { interactionsFromTable, readTable, readTruth, rowsOf, TRUTH_FILE, writeTruth } from '@expctr/data';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluateRun, type Metrics } from '../../src/index.js';
import { syntheticRun } from '../synthetic-run.js';
import { testbedRun, type TestbedRun } from '../testbed-run.js';

const resamples = 50;
const folders: string[] = [];
const made = async (options?: TestbedRun): Promise<string> => {
  const folder = await testbedRun(options);
  folders.push(folder);
  return folder;
};
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

let run = '';
let metrics: Metrics;
beforeAll(async () => {
  run = await made({ users: 80 });
  metrics = await evaluateRun(run, { resamples });
}, 60_000);

describe('quality of a run whose truth is known', () => {
  test('has the names that programs rely on, as plain numbers with intervals around them', () => {
    for (const stage of ['base', 'stage1', 'stage3']) {
      for (const name of ['precision', 'recall', 'f1', 'polarityAccuracy', 'signAuc', 'distinct1', 'duplicateShare'] as const) {
        const value = metrics.quality[stage]?.[name];
        const interval = metrics.quality[stage]?.[`${name}Interval`];
        expect(value).toBeTypeOf('number');
        expect(interval![0]).toBeLessThanOrEqual(value!);
        expect(interval![1]).toBeGreaterThanOrEqual(value!);
      }
    }
    expect(metrics.ceiling?.bayesAuc).toBeTypeOf('number');
    expect(metrics.ceiling?.f1).toBeTypeOf('number');
  });

  test('degrees are right where explainers give the true ones, and else where all reasons are strong', () => {
    const { base, stage1, stage3 } = metrics.quality;
    expect(stage1!.degreeAccuracy!).toBeGreaterThan(base!.degreeAccuracy!);
    expect(stage3!.degreeAccuracy!).toBeGreaterThan(stage1!.degreeAccuracy!);
    expect(stage3!.degreeAccuracyInterval![1]).toBeLessThanOrEqual(1);
  });

  test('ranks explainers as they were made: F1 rises from base to stage 1 to the final policy, and the paired differences say so', () => {
    const { base, stage1, stage3 } = metrics.quality;
    expect(stage1!.f1!).toBeGreaterThan(base!.f1!);
    expect(stage3!.f1!).toBeGreaterThan(stage1!.f1!);
    expect(metrics.qualityDifferences['stage3']?.['base']?.f1).toBeCloseTo(stage3!.f1! - base!.f1!, 12);
    expect(metrics.qualityDifferences['stage3']?.['stage1']?.f1Interval![0]).toBeGreaterThan(0);
    expect(metrics.qualityByRepetition['1']).toEqual(stage3);
    expect(metrics.gapClosed).toBeCloseTo((stage3!.f1! - base!.f1!) / (metrics.ceiling!.f1! - base!.f1!), 12);
  });

  test('gains count over the better of the greedy and the sampled base', async () => {
    const better = await evaluateRun(await made({ careful: { base: 0.2, baseSampled: 0.6, stage1: 0.5, final: 0.8 } }), { resamples });
    const worse = await evaluateRun(await made({ careful: { base: 0.6, baseSampled: 0.2, stage1: 0.5, final: 0.8 } }), { resamples });
    expect([metrics.betterBase, better.betterBase, worse.betterBase]).toEqual(['base', 'baseSampled', 'base']);
    for (const { quality, gapClosed, betterBase, ceiling, qualityDifferences } of [better, worse]) {
      const base = quality[betterBase!]!.f1!;
      expect(base).toBe(Math.max(quality['base']!.f1!, quality['baseSampled']!.f1!));
      expect(gapClosed).toBeCloseTo((quality['stage3']!.f1! - base) / (ceiling!.f1! - base), 12);
      expect(qualityDifferences['stage3']?.[betterBase!]?.f1).toBeCloseTo(quality['stage3']!.f1! - base, 12);
    }
  });

  test('counts the rows that all policies explained, CTR slice and validation, without policy and test rows', async () => {
    const interactions = interactionsFromTable(await readTable(join(run, 'data', 'interactions.arrow')));
    const [ctr, valid, tested] = [
      rowsOf(interactions, 'train', 'ctr').length,
      rowsOf(interactions, 'valid').length,
      rowsOf(interactions, 'test').length,
    ];
    expect(metrics.quality['stage1']?.rows).toBe(ctr + valid);
    expect(Object.keys(metrics.qualityOnTest)).toEqual(['base', 'stage3']);
    expect(metrics.qualityOnTest['base']?.rows).toBe(tested);
  });

  test('invented attributes are zero where explainers name the item’s alone', () => {
    expect(metrics.quality['base']).toMatchObject({ hallucinationRate: 0, offItemRate: 0, malformedShare: 0 });
  });

  test('the ceilings: the Bayes AUC is that of the truth on the test rows, and above what the visible history allows', async () => {
    const truth = await readTruth(join(run, 'data', TRUTH_FILE));
    const interactions = interactionsFromTable(await readTable(join(run, 'data', 'interactions.arrow')));
    const rows = [...rowsOf(interactions, 'test')];
    const bayes = auc(
      rows.map((row) => interactions.label[row]!),
      rows.map((row) => truth[row]!.bayesProbability),
    );
    expect(metrics.ceiling?.bayesAuc).toBe(bayes);
    expect(metrics.ceiling?.historyAuc).toBeLessThan(bayes);
    expect(metrics.ceiling?.kind).toBe('both');
    expect(metrics.ceiling?.historyAuc).toBeGreaterThan(metrics.ceiling!.meanings!.historyAuc!);
    expect(metrics.ceiling?.meanings?.historyAuc).toBeGreaterThan(0.6);
    expect(metrics.ceiling?.f1).toBeGreaterThan(metrics.ceiling!.meanings!.f1!);
    expect(metrics.ceiling?.f1).toBeGreaterThan(0.45);
    expect(metrics.ceiling?.f1).toBeLessThan(0.8);
  });

  test('rewards: rollouts have a correlation within prompts, the final texts one over all, for LC and IC', () => {
    const lc = metrics.rewardQuality['stage1-rollouts']?.['lc'];
    expect(lc?.prompts).toBeGreaterThan(50);
    expect(lc?.withinPrompt).toBeGreaterThan(0);
    expect(lc?.spearmanInterval![0]).toBeGreaterThan(0);
    expect(lc?.byClaim?.neutralToward).toBeGreaterThan(0);
    expect(lc?.byClaim?.neutralAway).toBeLessThan(0);
    expect(Object.keys(metrics.rewardQuality['final'] ?? {})).toEqual(['lc', 'ic']);
    expect(metrics.rewardQuality['final']?.['lc']?.withinPrompt).toBeNull();
    expect(metrics.rewardQuality['final']?.['ic']?.spearman).toBeTypeOf('number');
  });

  test('the report shows them, and the same run gives the same bytes', async () => {
    const report = await readFile(join(run, 'report.html'), 'utf8');
    expect(report).toContain('Explanation quality');
    expect(report).toContain('Bayes-optimal');
    for (const words of [
      'and how much this platform counts each field',
      'and not how much this platform counts each field',
      '<th>Degree</th>',
    ])
      expect(report).toContain(words);
    const before = await readFile(join(run, 'metrics.json'), 'utf8');
    await evaluateRun(run, { resamples });
    expect(await readFile(join(run, 'metrics.json'), 'utf8')).toBe(before);
    expect(await readFile(join(run, 'report.html'), 'utf8')).toBe(report);
  });
});

test('where tastes are independent the ceiling is estimated, and says so', async () => {
  const folder = await made({ world: { tastes: 'independent' } });
  const { ceiling } = await evaluateRun(folder, { resamples: 20 });
  expect(ceiling).toMatchObject({ kind: 'history', meanings: null, degreeAccuracy: null });
  expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain('estimated from the visible history, read by attribute');
});

test('every repetition has its figures: the last one is the final policy', async () => {
  const found = await evaluateRun(await made({ repetitions: 2, careful: { base: 0.1, stage1: 0.3, final: 0.9 } }), { resamples: 20 });
  expect(Object.keys(found.qualityByRepetition)).toEqual(['1', '2']);
  expect(found.qualityByRepetition['2']).toEqual(found.quality['stage3']);
  expect(found.qualityByRepetition['1']!.f1!).toBeGreaterThan(found.quality['stage1']!.f1!);
});

test('without repetitions stage 1 is the final policy, and test rows are compared', async () => {
  const found = await evaluateRun(await made({ repetitions: 0 }), { resamples: 20 });
  expect(found.quality['stage1']).toEqual(found.quality['stage3']);
  expect(found.quality['stage3']?.rows).toBe(found.counts['testRows']);
  expect(found.qualityByRepetition).toEqual({});
});

test('real data has no truth: no quality and no ceiling, but variety of texts', async () => {
  const folder = await syntheticRun({ users: 20 });
  folders.push(folder);
  const found = await evaluateRun(folder, { resamples: 20 });
  expect(found).toMatchObject({ quality: {}, ceiling: null, gapClosed: null });
  expect(found.explanations['final']?.distinct2).toBeGreaterThan(0);
  expect(found.explanations['final']?.duplicateShare).toBeGreaterThan(0.9);
  expect(await readFile(join(folder, 'report.html'), 'utf8')).not.toContain('Bayes-optimal');
});

test('the truth of another run is refused', async () => {
  const folder = await made();
  const path = join(folder, 'data', TRUTH_FILE);
  await writeTruth(path, (await readTruth(path)).slice(1));
  await expect(evaluateRun(folder)).rejects.toMatchObject({
    code: 'EVAL_BAD_FILE',
    where: path,
    expected: expect.stringMatching(/one row for each/u) as string,
  });
});
