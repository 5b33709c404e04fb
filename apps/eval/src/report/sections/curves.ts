import type { CtrEpochEvent, UpdateEvent } from '@expctr/run';
import { byStage, rewardNames } from '../../metrics/curves.js';
import type { Metrics } from '../../figures/metrics.js';
import { lineChart, type ChartPoint } from '../charts.js';
import { fixed } from '../format.js';
import { html, type Html } from '../html.js';
import { figure, nothing, section } from './section.js';

/** Every reward component with its best constant and its spreads, and KL, stage by stage. */
export async function learningSection(updates: readonly UpdateEvent[], metrics: Metrics): Promise<Html> {
  const lead = 'Pale: each update; bold: moving average. Dashed: the reward that the best constant predictor would earn on the same rows.';
  const stages = await Promise.all([...byStage(updates)].map(([stage, lines]) => stageFigures(stage, lines, metrics)));
  return section('learning', 'Policy optimization', lead, stages.length === 0 ? nothing('The log holds no update.') : stages);
}

async function stageFigures(stage: string, lines: readonly UpdateEvent[], metrics: Metrics): Promise<Html> {
  const figures: Html[] = [];
  for (const name of rewardNames(lines)) {
    const ends = metrics.stages[stage]?.rewards[name];
    const reward = [...points(lines, `reward/${name}`, name), ...points(lines, `reward/${name}/best_constant`, 'best constant')];
    figures.push(
      figure(
        `Reward: ${name}`,
        await lineChart({ points: reward, x: 'update', y: 'reward', dashed: ['best constant'], smoothed: true }),
        ends && `${fixed(ends.first)} → ${fixed(ends.last)}`,
      ),
    );
    const spread = [
      ...points(lines, `reward/${name}/within_prompt_std`, 'within a prompt'),
      ...points(lines, `reward/${name}/between_prompt_std`, 'between prompts'),
    ];
    if (spread.length > 0)
      figures.push(figure(`Spread: ${name}`, await lineChart({ points: spread, x: 'update', y: 'standard deviation', smoothed: true })));
  }
  const kl = points(lines, 'objective/kl', 'KL');
  if (kl.length > 0) {
    const ends = metrics.stages[stage]?.kl;
    figures.push(
      figure(
        'KL to the reference',
        await lineChart({ points: kl, x: 'update', y: 'nats a response', smoothed: true }),
        ends && `${fixed(ends.first)} → ${fixed(ends.last)}`,
      ),
    );
  }
  const entropy = points(lines, 'objective/entropy', 'entropy');
  if (entropy.length > 0) figures.push(figure('Entropy', await lineChart({ points: entropy, x: 'update', y: 'nats', smoothed: true })));
  return html`<h3>${stageTitle(lines[0])} <span class="note">${lines.length} updates</span></h3>
    <div class="figures">${figures}</div>`;
}

function stageTitle(update: UpdateEvent | undefined): string {
  return update?.stage === 'stage3' ? `Stage 3, repetition ${update.iteration}` : 'Stage 1: LC reward';
}

function points(lines: readonly UpdateEvent[], metric: string, line: string): ChartPoint[] {
  return lines.flatMap(({ metrics }, at) => (metrics[metric] === undefined ? [] : [{ x: at + 1, y: metrics[metric], line }]));
}

/** Learning curves of the CTR models' last trainings. */
export async function ctrSection(epochs: readonly CtrEpochEvent[], metrics: Metrics): Promise<Html> {
  const last = epochs.filter(({ model, iteration }) => metrics.ctr[model]?.iteration === iteration);
  const curves = (metric: string): ChartPoint[] =>
    last.flatMap(({ model, epoch, metrics: values }) =>
      values[metric] === undefined ? [] : [{ x: epoch, y: values[metric], line: model }],
    );
  const wanted = [
    ['Validation AUC', 'valid/auc', 'AUC'],
    ['Validation log loss', 'valid/logloss', 'nats'],
    ['Training log loss', 'train/logloss', 'nats'],
  ] as const;
  const figures = await Promise.all(
    wanted
      .filter(([, metric]) => curves(metric).length > 0)
      .map(async ([title, metric, y]) => figure(title, await lineChart({ points: curves(metric), x: 'epoch', y, height: 220 }))),
  );
  return section(
    'ctr',
    'CTR models',
    'The last training of each model. Early stopping keeps the epoch with the lowest validation log loss.',
    historyBackbone(metrics),
    figures.length === 0 ? nothing('The log holds no epoch of a CTR model.') : html`<div class="figures">${figures}</div>`,
  );
}

/** Which backbone knows the history best, and how near the others came. */
function historyBackbone({ historyBackbone: history }: Metrics): Html | null {
  const chosen = history?.candidates[history.chosen];
  if (history === null || chosen === undefined) return null;
  const all = history.candidates.map(({ backbone, embeddingL2, validAuc }, at) => {
    const name = `${backbone}, L2 ${embeddingL2 ?? '–'}`;
    return html`${at > 0 && '; '}${at === history.chosen ? html`<b>${name}</b>` : name}: ${fixed(validAuc)}`;
  });
  return html`<p>
    Vectors are added to <b>${chosen.backbone}</b>: of the models that have the history in numbers the one that ranks the validation rows
    best (AUC ${all}). L2 is the penalty on ids’ embeddings.
  </p>`;
}
