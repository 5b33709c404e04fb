import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { loadCtrModel } from '@expctr/ctr-models';
import {
  CURVE_PREDICTORS,
  curveModel,
  explanationsFromTable,
  interactionsFromTable,
  itemsFromTable,
  PREDICTORS,
  predictionsFromTable,
  readTable,
  rowsOf,
} from '@expctr/data';
import type { Metrics } from '@expctr/eval';
import { loadAdapter } from '@expctr/llm-lora';
import { beforeAll, describe, expect, test } from 'vitest';
import type { HistoryBackboneEvent, RunFolder } from '@expctr/run';
import { parseConfig, type Settings } from '../src/config/resolve.js';
import { train } from '../src/train.js';
import { freshFolder, tinySettings } from './tiny-run.js';

describe('a run leaves a complete folder', () => {
  let settings: Settings;
  let folder: RunFolder;
  let metrics: Metrics;
  let log: { event: string; [field: string]: unknown }[];

  beforeAll(async () => {
    settings = await tinySettings('iterations=2', 'ctr.learningCurve=[30,20,100000]');
    folder = await freshFolder();
    metrics = await train(settings, { folder });
    log = (await readFile(folder.log, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
  }, 120_000);

  test('config.json is the complete configuration', async () => {
    const stored = JSON.parse(await readFile(folder.config, 'utf8')) as Record<string, unknown>;
    expect(parseConfig(stored, settings.registry).config).toEqual(settings.config);
    expect(stored).toEqual(settings.config);
  });

  test('predictions/test.arrow holds every predictor for every test row, as probabilities', async () => {
    const interactions = interactionsFromTable(await readTable(join(folder.data, 'interactions.arrow')));
    const test = rowsOf(interactions, 'test');
    const predictions = predictionsFromTable(await readTable(folder.predictions));
    expect(predictions.map(({ model }) => model)).toEqual([...PREDICTORS]);
    for (const { interactionId, label, probability } of predictions) {
      expect(interactionId).toEqual(test);
      expect(label).toEqual(Uint8Array.from(test, (row) => interactions.label[row]!));
      expect(probability.every((p) => p >= 0 && p <= 1)).toBe(true);
    }
  });

  test('the final policy and the base model have explained CTR, validation and test rows', async () => {
    const interactions = interactionsFromTable(await readTable(join(folder.data, 'interactions.arrow')));
    const wanted = [...rowsOf(interactions, 'train', 'ctr'), ...rowsOf(interactions, 'valid'), ...rowsOf(interactions, 'test')];
    for (const name of ['final', 'post-hoc']) {
      const { interactionId } = explanationsFromTable(await readTable(folder.explanations(name)));
      expect([...interactionId]).toEqual(expect.arrayContaining(wanted));
    }
  });

  test('no policy row is explained for the CTR model, and no CTR row is used for policy optimization', async () => {
    const interactions = interactionsFromTable(await readTable(join(folder.data, 'interactions.arrow')));
    const policyRows = new Set(rowsOf(interactions, 'train', 'policy'));
    for (const name of ['stage1-rollouts', 'stage3-1-rollouts', 'stage3-2-rollouts']) {
      const { interactionId } = explanationsFromTable(await readTable(folder.explanations(name)));
      expect(
        interactionId.every((row) => policyRows.has(row)),
        name,
      ).toBe(true);
    }
    for (const name of ['stage2-1', 'stage2-2']) {
      const { interactionId } = explanationsFromTable(await readTable(folder.explanations(name)));
      expect(
        interactionId.some((row) => policyRows.has(row)),
        name,
      ).toBe(false);
    }
  });

  test('adapters/final is in PEFT format and has moved', async () => {
    expect(await readdir(folder.adapter('final'))).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    const adapter = await loadAdapter(folder.adapter('final'));
    const moved = [...adapter.tensors.values()].some(({ b }) => b.data.some((value) => value !== 0));
    expect(moved).toBe(true);
  });

  test('ctr/ holds the model of expctr-aug, also as ONNX: the history backbone that ranks validation rows best, with all its features', async () => {
    expect(await readdir(folder.ctr)).toContain('model.onnx');
    const { chosen, candidates } = log.find(({ event }) => event === 'history-backbone') as unknown as HistoryBackboneEvent;
    const { history, historyL2 } = settings.config.ctr;
    expect(candidates.map((one) => [one.backbone, one.embeddingL2])).toEqual(history.flatMap((name) => historyL2.map((l2) => [name, l2])));
    expect(candidates[chosen]!.validAuc).toBe(Math.max(...candidates.map(({ validAuc }) => validAuc!)));
    const { backbone, embeddingL2 } = candidates[chosen]!;
    const model = await loadCtrModel(folder.ctr);
    expect(model.backbone).toBe(backbone);
    expect(model.options.embeddingL2).toBe(embeddingL2);
    expect(model.schema.features.map(({ name }) => name)).toEqual(expect.arrayContaining(['evidence_genres', 'evidence_rate', 'z']));
  });

  test('the learning curve has test rows by every predictor of it and every size below that of the CTR slice', async () => {
    const interactions = interactionsFromTable(await readTable(join(folder.data, 'interactions.arrow')));
    const curve = predictionsFromTable(await readTable(folder.learningCurve));
    expect(curve.map(({ model }) => model)).toEqual([20, 30].flatMap((rows) => CURVE_PREDICTORS.map((name) => curveModel(name, rows))));
    for (const { interactionId } of curve) expect(interactionId).toEqual(rowsOf(interactions, 'test'));
  });

  test('the log has every update with each reward component, its spreads and the best constant beside it', () => {
    const updates = log.filter(({ event }) => event === 'update');
    expect(updates.map(({ stage, iteration, step }) => `${String(stage)} ${String(iteration)} ${String(step)}`)).toEqual([
      'stage1 0 0',
      'stage1 0 1',
      'stage3 1 0',
      'stage3 1 1',
      'stage3 2 0',
      'stage3 2 1',
    ]);
    const metricsOf = (index: number): string[] => Object.keys(updates[index]!['metrics'] as object);
    for (const suffix of ['', '/within_prompt_std', '/between_prompt_std', '/best_constant']) {
      expect(metricsOf(0)).toContain(`reward/lc${suffix}`);
      expect(metricsOf(2)).toContain(`reward/ic${suffix}`);
    }
    for (const name of ['objective/kl', 'policy/approxkl_avg', 'loss/value_avg', 'val/ratio']) expect(metricsOf(0)).toContain(name);
    expect(log.some(({ event }) => event === 'reader-check')).toBe(true);
    expect(log.some(({ event, model }) => event === 'ctr-epoch' && model === 'id-only-full')).toBe(true);
  });

  test('metrics.json holds plain numbers under the names that outside programs rely on', async () => {
    const stored = JSON.parse(await readFile(join(folder.root, 'metrics.json'), 'utf8')) as Metrics;
    expect(stored).toEqual(JSON.parse(JSON.stringify(metrics)));
    for (const model of PREDICTORS) expect(typeof stored.predictors[model]!.auc, model).toBe('number');
  });

  test('report.html is self-contained', async () => {
    const html = await readFile(join(folder.root, 'report.html'), 'utf8');
    expect(html).not.toMatch(/<(?:script|link|img)[^>]+(?:src|href)=["']https?:/u);
    expect(html.length).toBeGreaterThan(10_000);
  });

  test('says plainly that its inputs were generated', () => {
    expect(log.find(({ code }) => code === 'RUN_GENERATED')).toBeDefined();
  });

  test('the same seed gives the same predictions, another seed others', async () => {
    const predictions = async (seed: number): Promise<Float32Array[]> => {
      const other = await freshFolder();
      await train(await tinySettings('iterations=0', 'ppo.stage1Updates=1', `seed=${seed}`), { folder: other });
      return predictionsFromTable(await readTable(other.predictions)).map(({ probability }) => probability);
    };
    const [first, again, other] = [await predictions(5), await predictions(5), await predictions(6)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  }, 120_000);

  test('items and interactions fit together', async () => {
    const interactions = interactionsFromTable(await readTable(join(folder.data, 'interactions.arrow')));
    const items = itemsFromTable(await readTable(join(folder.data, 'items.arrow')), interactions.itemIds);
    const row = createRng(1).int(interactions.length);
    expect(items.title[interactions.item[row]!]).toMatch(/\S/u);
  });
});

describe('each algorithm and each backbone of the tables goes through a whole run', () => {
  test.each([
    ['grpo', 'din'],
    ['rloo', 'logistic-regression'],
  ])(
    '%s with %s',
    async (algorithm, backbone) => {
      const folder = await freshFolder();
      const settings = await tinySettings(
        `ppo.algorithm=${algorithm}`,
        `ctr.backbone=${backbone}`,
        `ctr.history=["${backbone}"]`,
        'rewards.ic.target=teacher',
        'rewards.normalize=group',
        'ppo.promptsPerUpdate=4', // of more than one user
        'rewards.stage1.grounding=0.5',
        'rewards.stage1.language={"from":1,"to":0,"updates":1}',
        'rewards.stage3.counterfactual=0.5',
        'rewards.stage3.repetition=0.5',
        'ppo.stage1Updates=1',
        'ppo.stage3Updates=1',
      );
      const { predictors, stages } = await train(settings, { folder });
      expect(Object.keys(stages['stage1']!.rewards)).toEqual(['lc', 'grounding', 'language']);
      expect(Object.keys(stages['stage3-1']!.rewards)).toEqual(['ic', 'counterfactual', 'repetition']);
      expect(predictors['expctr-aug']?.auc).toBeTypeOf('number');
      expect((await loadCtrModel(folder.ctr)).backbone).toBe(backbone);
    },
    120_000,
  );
});
