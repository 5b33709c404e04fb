import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auc, brierScore, delongTest, expectedCalibrationError, logLoss, relativeCrossEntropy } from '@expctr/ctr-models';
import {
  CURVE_PREDICTORS,
  PREDICTORS,
  interactionsFromTable,
  predictionsFromTable,
  predictionsToTable,
  readTable,
  writeTable,
  type ModelPredictions,
} from '@expctr/data';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { computeMetrics, evaluateRun, readRun, reportPage, type Metrics } from '../src/index.js';
import { syntheticRun, writeRun, type SyntheticRun } from './synthetic-run.js';

const resamples = 200;
const folders: string[] = [];
async function folderOf(options: SyntheticRun = {}): Promise<string> {
  const folder = await syntheticRun(options);
  folders.push(folder);
  return folder;
}
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

let run = '';
let metrics: Metrics;
beforeAll(async () => {
  run = await folderOf();
  metrics = await evaluateRun(run, { resamples });
});

async function predictionsOf(folder: string): Promise<ModelPredictions[]> {
  return predictionsFromTable(await readTable(join(folder, 'predictions', 'test.arrow')));
}

describe('metrics.json', () => {
  test('is what is returned, and holds no NaN, no time and no path', async () => {
    const text = await readFile(join(run, 'metrics.json'), 'utf8');
    expect(JSON.parse(text)).toEqual(metrics);
    expect(text).not.toMatch(/NaN|Infinity|seconds|\/models\//u);
    expect(text).not.toContain(run);
  });

  test('every predictor has its figures in full precision, from the probabilities as stored', async () => {
    const stored = await predictionsOf(run);
    expect(Object.keys(metrics.predictors)).toEqual([...PREDICTORS]);
    for (const { model, label, probability } of stored) {
      const found = metrics.predictors[model];
      expect(found?.auc).toBe(auc(label, probability));
      expect(found?.logLoss).toBe(logLoss(label, probability));
      expect(found?.calibrationError).toBe(expectedCalibrationError(label, probability));
      expect(found?.relativeCrossEntropy).toBe(relativeCrossEntropy(label, probability));
      expect(found?.brier).toBe(brierScore(label, probability));
      expect(found?.reliability.reduce((rows, bin) => rows + bin.rows, 0)).toBe(label.length);
      expect(found?.aucInterval?.[0]).toBeLessThan(found?.auc ?? 0);
      expect(found?.aucInterval?.[1]).toBeGreaterThan(found?.auc ?? 1);
    }
  });

  test("a comparison has the p-value of DeLong's test with users as clusters", async () => {
    const { predictions } = await readRun(run);
    const [a, b] = ['expctr-aug', 'icl'].map((model) => predictions.models.get(model)!) as [Float32Array, Float32Array];
    const { pValue } = delongTest(predictions.label, a, b, { groups: predictions.user });
    expect(metrics.differences['expctr-aug']?.['icl']?.delongP).toBe(pValue);
    expect(pValue).toBeLessThan(1);
  });

  test('the strongest opponent is the best of those that know nothing of the trained explanations', () => {
    const { predictors, strongestOpponent, differences } = metrics;
    const told = ['expctr-aug', 'expctr-llm', 'verdict-aug', 'shuffled-aug'];
    const others = Object.entries(predictors).filter(([model]) => !told.includes(model));
    expect(predictors[strongestOpponent ?? '']?.auc).toBe(Math.max(...others.map(([, { auc: area }]) => area ?? 0)));
    expect(told).not.toContain(strongestOpponent);
    expect(differences['expctr-aug']?.['opponent']).toMatchObject({ against: strongestOpponent });
  });

  test('relative gains are against the better of id-only and id-only-full', () => {
    const { predictors, backbone, differences } = metrics;
    const [own, full] = [predictors['id-only']?.auc ?? 0, predictors['id-only-full']?.auc ?? 0];
    expect(backbone).toBe(own >= full ? 'id-only' : 'id-only-full');
    const base = Math.max(own, full);
    expect(differences['expctr-aug']?.['backbone']?.auc).toBe((predictors['expctr-aug']?.auc ?? 0) - base);
    expect(predictors['expctr-aug']?.relaImpr).toBeCloseTo(((predictors['expctr-aug']?.auc ?? 0) - 0.5) / (base - 0.5) - 1, 12);
    expect(predictors[backbone ?? '']?.relaImpr).toBe(0);
  });

  test('holds the comparisons of the method, each with a paired interval around it', () => {
    expect(Object.keys(metrics.differences['expctr-aug'] ?? {})).toEqual([
      'opponent',
      'verdict-aug',
      'id-history',
      'icl',
      'icl-aug',
      'template-aug',
      'post-hoc-aug',
      'backbone',
      'shuffled-aug',
      'item-text-aug',
      'prompt-text-aug',
    ]);
    expect(Object.keys(metrics.differences['expctr-llm'] ?? {})).toEqual(['icl', 'post-hoc-llm', 'backbone']);
    for (const difference of Object.values(metrics.differences).flatMap((against) => Object.values(against))) {
      expect(difference.aucInterval?.[0]).toBeLessThanOrEqual(difference.auc ?? -1);
      expect(difference.aucInterval?.[1]).toBeGreaterThanOrEqual(difference.auc ?? 1);
    }
  });

  test('the learning curve has each size and then the whole slice, with the paired difference to id-history on as many rows', async () => {
    const curve = predictionsFromTable(await readTable(join(run, 'predictions', 'learning-curve.arrow')));
    const area = (model: string): number => {
      const { label, probability } = curve.find((part) => part.model === model)!;
      return auc(label, probability);
    };
    expect(Object.keys(metrics.learningCurve)).toEqual([...CURVE_PREDICTORS]);
    const own = metrics.learningCurve['expctr-aug']!;
    expect(own.map(({ rows }) => rows)).toEqual([50, 100, 240]);
    expect(own[1]?.auc).toBe(area('expctr-aug@100'));
    expect(own[1]?.overHistory).toBe(area('expctr-aug@100') - area('id-history@100'));
    expect(own[2]).toMatchObject({
      auc: metrics.predictors['expctr-aug']?.auc,
      aucInterval: metrics.predictors['expctr-aug']?.aucInterval,
      overHistory: metrics.differences['expctr-aug']?.['id-history']?.auc,
      overHistoryInterval: metrics.differences['expctr-aug']?.['id-history']?.aucInterval,
    });
    for (const { overHistory, overHistoryInterval } of own) {
      expect(overHistoryInterval![0]).toBeLessThanOrEqual(overHistory!);
      expect(overHistoryInterval![1]).toBeGreaterThanOrEqual(overHistory!);
    }
    expect(metrics.learningCurve['id-history']!.every(({ overHistory }) => overHistory === null)).toBe(true);
  });

  test('curves give means over the first and last tenth of updates', () => {
    const { lc } = metrics.stages['stage1']?.rewards ?? {};
    expect(metrics.stages['stage1']?.updates).toBe(40);
    expect(Object.keys(metrics.stages)).toEqual(['stage1', 'stage3-1']);
    expect(lc?.last).toBeGreaterThan(lc?.first ?? 1);
    expect(lc?.bestConstant).toBeCloseTo(0.7525, 2);
    expect(lc?.withinPromptStd?.first).toBeGreaterThan(0);
    expect(metrics.stages['stage1']?.kl?.maximum).toBeGreaterThan(metrics.stages['stage1']?.kl?.first ?? 9);
    expect(metrics.ctr['expctr-aug']).toMatchObject({ iteration: 2, epochs: 8 });
  });

  test('counts rows, users and explanations', () => {
    expect(metrics.counts).toMatchObject({
      interactions: 720,
      users: 60,
      policyRows: 240,
      ctrRows: 240,
      validRows: 60,
      testRows: 180,
      testUsers: 60,
    });
    expect(metrics.explanations['final']?.rows).toBe(720);
    expect(metrics.explanations['post-hoc']?.cutShare).toBeGreaterThan(0);
  });
});

test('the same run gives the same bytes, in another folder too', async () => {
  const copy = await mkdtemp(join(tmpdir(), 'expctr-eval-'));
  folders.push(copy);
  await cp(run, copy, { recursive: true });
  for (const name of ['metrics.json', 'report.html']) await rm(join(copy, name));
  await evaluateRun(copy, { resamples });
  for (const name of ['metrics.json', 'report.html']) expect(await readFile(join(copy, name))).toEqual(await readFile(join(run, name)));
});

test('its parts give what it writes, and write nothing', async () => {
  const folder = await folderOf();
  const data = await readRun(folder);
  const found = computeMetrics(data, { resamples });
  expect(found).toEqual(metrics);
  expect(await reportPage(data, found)).toBe(await readFile(join(run, 'report.html'), 'utf8'));
  await expect(readFile(join(folder, 'metrics.json'))).rejects.toThrow(/ENOENT/u);
});

test('the order of rows and models in the file changes nothing', async () => {
  const folder = await folderOf();
  const path = join(folder, 'predictions', 'test.arrow');
  const reversed = (await predictionsOf(folder)).reverse().map(({ model, interactionId, label, probability }) => ({
    model,
    interactionId: interactionId.slice().reverse(),
    label: label.slice().reverse(),
    probability: probability.slice().reverse(),
  }));
  await writeTable(path, predictionsToTable(reversed));
  expect(await evaluateRun(folder, { resamples })).toEqual(metrics);
});

describe('one class in the test rows', () => {
  test('leaves AUC undefined: null and a reason, the other figures stay, and the report says so', async () => {
    const folder = await folderOf({ label: 1, users: 12 });
    const { predictors, differences, noMoreThanAScore, strongestOpponent } = await evaluateRun(folder, { resamples });
    const found = predictors['expctr-aug'];
    expect(found).toMatchObject({ auc: null, aucInterval: null, groupedAuc: null, relaImpr: null });
    expect(found?.reason).toContain('all test rows have the same label');
    expect(found?.logLoss).toBeGreaterThan(0);
    expect(differences['expctr-aug']?.['backbone']).toMatchObject({ auc: null, reason: 'all test rows have the same label' });
    expect(strongestOpponent).toBeNull();
    expect(noMoreThanAScore).toBeNull();
    expect(await readFile(join(folder, 'metrics.json'), 'utf8')).not.toMatch(/NaN/u);
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain('This run cannot say whether explanations help.');
  });
});

describe('what a run may lack or add', () => {
  test("a user's own predictor stands beside the others; those that are absent are named", async () => {
    const folder = await folderOf({ models: ['expctr-aug', 'id-only', 'my <model>'] });
    const found = await evaluateRun(folder, { resamples });
    expect(Object.keys(found.predictors)).toEqual(['id-only', 'expctr-aug', 'my <model>']);
    expect(found.warnings.find(({ code }) => code === 'EVAL_PREDICTORS_ABSENT')?.message).toContain('verdict-aug');
    expect(Object.keys(found.differences['expctr-aug'] ?? {})).toEqual(['opponent', 'backbone']);
    const report = await readFile(join(folder, 'report.html'), 'utf8');
    expect(report).toMatch(/>Others<\/th>[\s\S]*<b dir="auto">my &lt;model&gt;<\/b>[\s\S]*not one of the method/u);
  });

  test('without log, timing and explanations there are still figures, and warnings', async () => {
    const folder = await folderOf();
    for (const name of ['log.jsonl', 'timing.jsonl', 'explanations']) await rm(join(folder, name), { recursive: true });
    const found = await evaluateRun(folder, { resamples });
    expect(found.predictors).toEqual(metrics.predictors);
    expect(found.warnings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['EVAL_NO_READER_CHECK', 'EVAL_NO_TIMING', 'EVAL_NO_EXPLANATIONS']),
    );
    expect(found.audit.policy).toMatchObject({ auc: null, reason: 'the run has no p_LC of such rows' });
  });

  test('a reader that failed its check is a warning', async () => {
    const line = { event: 'reader-check', chosen: 'few-shot', passed: false, forms: [], skipped: [] };
    const found = await evaluateRun(await folderOf({ log: [JSON.stringify(line)] }), { resamples });
    expect(found.warnings.map(({ code }) => code)).toContain('EVAL_READER_FAILED');
  });
});

describe('the audit', () => {
  test('warns where p_LC knows the labels of policy rows and not those of validation rows', async () => {
    const folder = await folderOf({ policySkill: 4, users: 120 });
    const { audit, warnings } = await evaluateRun(folder, { resamples });
    expect(audit.policy.auc).toBeGreaterThan(0.95);
    expect(audit.valid.auc).toBeLessThan(0.8);
    expect(warnings.map(({ code }) => code)).toContain('EVAL_AUDIT_GAP');
  });

  test('is quiet where both are alike', () => {
    expect(metrics.audit.policy.rows).toBe(240);
    expect(metrics.warnings.map(({ code }) => code)).not.toContain('EVAL_AUDIT_GAP');
  });
});

describe('bad input', () => {
  const failing = async (change: (folder: string) => Promise<unknown>) => {
    const folder = await folderOf({ users: 12 });
    await change(folder);
    return evaluateRun(folder, { resamples: 20 }).then(
      () => null,
      (error: unknown) => error as { code: string; message: string },
    );
  };

  test('a folder that is not there, or is a file, is no run', async () => {
    await expect(evaluateRun(join(run, 'nowhere'))).rejects.toThrow(expect.objectContaining({ code: 'EVAL_NO_RUN' }));
    await expect(evaluateRun(join(run, 'config.json'))).rejects.toThrow(/not a folder/u);
  });

  test.each(['config.json', 'data/interactions.arrow', 'data/items.arrow', 'data/users.arrow', 'predictions/test.arrow'])(
    '%s must be there',
    async (name) => {
      const error = await failing((folder) => rm(join(folder, name)));
      expect(error).toMatchObject({
        code: 'EVAL_MISSING_FILE',
        where: expect.stringContaining(name) as string,
        remedy: expect.stringContaining('--resume') as string,
      });
    },
  );

  test('a table of another schema, a cut file and a file that is no table are named', async () => {
    const wrong = await failing(async (folder) => cp(join(folder, 'data', 'items.arrow'), join(folder, 'predictions', 'test.arrow')));
    expect(wrong).toMatchObject({ code: 'EVAL_BAD_FILE', where: expect.stringContaining('test.arrow') as string });
    expect(wrong?.message).toContain('items/1');
    const cut = await failing((folder) => truncate(join(folder, 'data', 'interactions.arrow'), 900));
    expect(cut).toMatchObject({ code: 'EVAL_BAD_FILE', where: expect.stringContaining('interactions.arrow') as string });
    const text = await failing((folder) => writeFile(join(folder, 'explanations', 'final.arrow'), 'hello'));
    expect(text).toMatchObject({ code: 'EVAL_BAD_FILE', where: expect.stringContaining('final.arrow') as string });
  });

  test('a line of the log that is no JSON is named with its number', async () => {
    const error = await failing((folder) =>
      writeFile(join(folder, 'log.jsonl'), '{"event":"warning","code":"A","message":"b"}\n{"event": "upd'),
    );
    expect(error).toMatchObject({ code: 'RUN_BAD_LINE', where: expect.stringContaining('log.jsonl, line 2') as string });
  });

  test('predictions of another run, of train rows, or of different rows for each model are refused', async () => {
    const rewrite = (change: (parts: ModelPredictions[]) => ModelPredictions[]) => async (folder: string) =>
      writeTable(join(folder, 'predictions', 'test.arrow'), predictionsToTable(change(await predictionsOf(folder))));
    const curve = await failing(async (folder) => {
      const shorter = (await predictionsOf(folder)).map((part) => ({
        model: 'expctr-aug@50',
        interactionId: part.interactionId.slice(1),
        label: part.label.slice(1),
        probability: part.probability.slice(1),
      }));
      return writeTable(join(folder, 'predictions', 'learning-curve.arrow'), predictionsToTable(shorter.slice(0, 1)));
    });
    expect(curve).toMatchObject({ code: 'EVAL_ROWS_DIFFER', where: expect.stringContaining('learning-curve.arrow') as string });
    const [mislabeled, train, fewer] = await Promise.all([
      failing(rewrite((parts) => parts.map((part) => ({ ...part, label: part.label.map((label) => 1 - label) })))),
      failing(rewrite((parts) => parts.map((part) => ({ ...part, interactionId: part.interactionId.map((_, at) => at) })))),
      failing(
        rewrite((parts) =>
          parts.map((part, at) =>
            at === 0
              ? part
              : { ...part, interactionId: part.interactionId.slice(1), label: part.label.slice(1), probability: part.probability.slice(1) },
          ),
        ),
      ),
    ]);
    expect(mislabeled?.code).toBe('EVAL_LABEL_MISMATCH');
    expect(train?.code).toBe('EVAL_NOT_TEST_ROW');
    expect(fewer?.code).toBe('EVAL_ROWS_DIFFER');
  });

  test('a failed evaluation leaves no report behind', async () => {
    const folder = await folderOf({ users: 12 });
    await rm(join(folder, 'config.json'));
    await evaluateRun(folder).catch(() => null);
    await expect(readFile(join(folder, 'metrics.json'))).rejects.toThrow(/ENOENT/u);
    await expect(readFile(join(folder, 'report.html'))).rejects.toThrow(/ENOENT/u);
  });
});

test('the synthetic run follows from its seed', async () => {
  const [a, b] = await Promise.all([folderOf({ seed: 3 }), folderOf({ seed: 3 })]);
  const read = async (folder: string) => interactionsFromTable(await readTable(join(folder, 'data', 'interactions.arrow'))).label;
  expect(await read(a)).toEqual(await read(b));
  await writeRun(a, { seed: 4 });
  expect(await read(a)).not.toEqual(await read(b));
});
