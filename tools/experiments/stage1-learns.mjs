// Does stage 1 learn? LC reward, AUC of p_LC and the best constant's reward on fixed validation rows, before and after PPO,
// as paired differences with a bootstrap over users.
// usage: npm run experiment -- stage1-learns --data-dir DIR --llm PATH --encoder PATH [--out DIR] [--seed N] [--set path=value]... | --resume DIR
// Extra options: --rows N (validation rows, default 300), --per-user N (most of one user, default 3), --train-seed N (adapter, rollouts and
// order of the policy rows; data and fixed rows follow from --seed alone).
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { auc } from '@expctr/ctr-models';
import { rowsOf } from '@expctr/data';
import { alignment, bestConstant } from '@expctr/rewards';
import {
  checkedReader,
  chooseRunFolder,
  createProgress,
  explainRows,
  openRunFolder,
  POLICY,
  readerProbabilities,
  resolveConfig,
  restoreAligned,
  stage1,
  withParts,
} from '@expctr/trainer';

const { options, sets } = parse(process.argv.slice(2));
const rowsWanted = Number(options.rows ?? 300);
const perUser = Number(options['per-user'] ?? 3);
const { folder, config } = options.resume
  ? await openRunFolder(options.resume)
  : await (async () => {
      const flags = {
        dataDir: options['data-dir'],
        'llm.model': options.llm,
        'encoder.model': options.encoder,
        seed: options.seed === undefined ? undefined : Number(options.seed),
      };
      const config = await resolveConfig({ preset: options.preset ?? 'movielens-small', file: options.config, flags, sets });
      return { folder: await chooseRunFolder(options.out, 'stage1', config.seed), config };
    })();
const progress = createProgress();

await withParts(config, { folder, progress }, async (loaded) => {
  const parts = options['train-seed'] === undefined ? loaded : { ...loaded, rng: createRng(Number(options['train-seed'])) };
  const reader = await checkedReader(parts);
  const rows = fixedRows(loaded);
  const users = Array.from(rows, (row) => parts.interactions.user[row]);
  progress.say(`${rows.length} validation rows of ${new Set(users).size} users`);

  const measure = async (adapter, temperature) => {
    const set = await explainRows(parts, rows, { adapter, stage: adapter ?? 'base', iteration: 0, temperature });
    const p = await readerProbabilities(parts, reader, rows, (row) => set.read[rows.indexOf(row)]);
    return { p, set };
  };
  const decodings = { greedy: 0, sampled: 1 };
  parts.policy.adapters.create(POLICY, parts.rng.fork('adapter'));
  parts.policy.adapters.activate(POLICY);
  const before = {};
  for (const [name, temperature] of Object.entries(decodings)) before[name] = await measure(null, temperature);
  if (!(await restoreAligned(parts, 'stage1', 0))) await stage1(parts, reader);
  const after = {};
  for (const [name, temperature] of Object.entries(decodings)) after[name] = await measure(POLICY, temperature);

  const label = Uint8Array.from(rows, (row) => parts.interactions.label[row]);
  const { form } = config.rewards;
  const result = {
    rows: rows.length,
    users: new Set(users).size,
    labelRate: mean(label),
    form,
    reader: reader.form,
    updates: config.ppo.stage1Updates,
    completionsPerUpdate: config.ppo.promptsPerUpdate * config.ppo.completionsPerPrompt,
    seed: Number(options['train-seed'] ?? config.seed),
    bestConstant: bestConstant(form, label).reward,
  };
  for (const name of Object.keys(decodings)) {
    const empty = (set) => set.read.filter((text) => text.trim() === '').length;
    const reward = ({ p, set }) =>
      alignment(form, p, label).map((value, i) => (set.read[i].trim() === '' ? (form === 'log' ? Math.log(0.01) : 0) : value));
    const [was, is] = [reward(before[name]), reward(after[name])];
    const pooled = (indices) => ({
      rewardBefore: meanAt(was, indices),
      rewardAfter: meanAt(is, indices),
      reward: meanAt(is, indices) - meanAt(was, indices),
      aucBefore: aucAt(before[name].p, label, indices),
      aucAfter: aucAt(after[name].p, label, indices),
      auc: aucAt(after[name].p, label, indices) - aucAt(before[name].p, label, indices),
      brierOfProbabilities:
        meanAt(alignment(form, after[name].p, label), indices) - meanAt(alignment(form, before[name].p, label), indices),
    });
    result[name] = {
      ...intervals(pooled, users),
      emptyBefore: empty(before[name].set),
      emptyAfter: empty(after[name].set),
      meanTokensBefore: mean(before[name].set.tokenCount),
      meanTokensAfter: mean(after[name].set.tokenCount),
      distinctBefore: new Set(before[name].set.read).size,
      distinctAfter: new Set(after[name].set.read).size,
    };
    result[`${name}Examples`] = Array.from({ length: 8 }, (_, i) => ({
      label: label[i],
      before: before[name].set.explanation[i],
      after: after[name].set.explanation[i],
      pBefore: before[name].p[i],
      pAfter: after[name].p[i],
    }));
  }
  writeFileSync(join(folder.root, 'stage1-learns.json'), `${JSON.stringify(result, null, 2)}\n`);
  console.log(JSON.stringify(result, null, 2));

  function fixedRows({ interactions, rng }) {
    const byUser = new Map();
    for (const row of rowsOf(interactions, 'valid'))
      byUser.set(interactions.user[row], [...(byUser.get(interactions.user[row]) ?? []), row]);
    const chosen = rng
      .fork('fixed-rows')
      .shuffle([...byUser.keys()])
      .flatMap((user) => byUser.get(user).slice(0, perUser));
    return chosen.slice(0, rowsWanted).sort((a, b) => a - b);
  }
});

/** Point values and 95 % percentile intervals over 2,000 resamples of users. */
function intervals(statistic, users) {
  const rowsOfUser = new Map();
  users.forEach((user, i) => rowsOfUser.set(user, [...(rowsOfUser.get(user) ?? []), i]));
  const groups = [...rowsOfUser.values()];
  const rng = createRng('bootstrap');
  const point = statistic(users.map((_, i) => i));
  const draws = Array.from({ length: 2000 }, () => statistic(groups.flatMap(() => groups[rng.int(groups.length)])));
  return Object.fromEntries(
    Object.entries(point).flatMap(([name, value]) => {
      const sorted = draws
        .map((draw) => draw[name])
        .filter(Number.isFinite)
        .sort((a, b) => a - b);
      return [
        [name, value],
        [`${name}Interval`, [sorted[Math.floor(0.025 * sorted.length)], sorted[Math.ceil(0.975 * sorted.length) - 1]]],
      ];
    }),
  );
}
function mean(values) {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}
function meanAt(values, indices) {
  return indices.reduce((sum, i) => sum + values[i], 0) / indices.length;
}
function aucAt(scores, label, indices) {
  const labels = Uint8Array.from(indices, (i) => label[i]);
  return new Set(labels).size < 2
    ? NaN
    : auc(
        labels,
        Float64Array.from(indices, (i) => scores[i]),
      );
}
function parse(args) {
  const options = {};
  const sets = [];
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/u, '');
    if (name === 'set') sets.push(args[i + 1]);
    else options[name] = args[i + 1];
  }
  return { options, sets };
}
