// How much of a user's history has a prompt to show? For ways of cutting the labels behind each attribute: the F1 of the best rule that
// sees nothing else, as a table in Markdown.
//   usage: npm run experiment -- prompt-evidence [--users 1800] [--items 1000] [--seed 1]
// The rule claims an attribute, with its more frequent sign, where such evidence was a reason often enough. How often, and what is
// enough, is learned on one half of the users; the figures are those of the other half.
import { parseArgs } from 'node:util';
import { balancedCounts, evidenceOf, historyOf, itemText, rowsOf } from '@expctr/data';
import { generateWorld, prepareWorld, trueReasons } from '@expctr/testbed';

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '1800' },
    items: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});
const world = generateWorld({ seed: values.seed, users: Number(values.users), items: Number(values.items) });
const { dataset, truth } = prepareWorld(world, { kCore: 0, history: { length: 60 } });
const { interactions, items } = dataset;

const itemOf = (row) => itemText(items, interactions.item[row]);
const cases = [...rowsOf(interactions, 'test')].map((row) => {
  const history = { liked: [], disliked: [] };
  for (const earlier of historyOf(interactions, row))
    history[interactions.label[earlier] === 1 ? 'liked' : 'disliked'].push(itemOf(earlier));
  const reasons = trueReasons(truth[row]);
  const evidence = evidenceOf(history, itemOf(row), Infinity).map((one) => ({
    ...one,
    reason: reasons.find(({ field, value }) => field === one.name && value === one.value)?.sign ?? 0,
  }));
  return { learned: interactions.user[row] % 2 === 0, evidence, reasons: reasons.length };
});

const WAYS = {
  'each label cut':
    (limit) =>
    ({ liked, disliked }) => [Math.min(limit, liked), Math.min(limit, disliked)],
  'balance kept':
    (limit) =>
    ({ liked, disliked }) =>
      Object.values(balancedCounts(liked, disliked, limit)),
};
console.log('| at most | way | labels an attribute | F1 | precision | recall |\n| --- | --- | --- | --- | --- | --- |');
for (const limit of [2, 3, 4, 5, 6, Infinity]) {
  for (const [way, cut] of Object.entries(WAYS)) {
    const { labels, f1, precision, recall } = bestRule(cut(limit));
    const figures = [labels.toFixed(2), f1.toFixed(3), precision.toFixed(3), recall.toFixed(3)];
    console.log(`| ${Number.isFinite(limit) ? limit : 'all'} | ${Number.isFinite(limit) ? way : 'whole'} | ${figures.join(' | ')} |`);
    if (!Number.isFinite(limit)) break;
  }
}

function bestRule(cut) {
  const known = new Map();
  let [labels, attributes] = [0, 0];
  for (const { learned, evidence } of cases) {
    for (const one of evidence) {
      const shown = cut(one);
      labels += shown[0] + shown[1];
      attributes += 1;
      if (!learned) continue;
      const count = known.get(String(shown)) ?? { all: 1, inFavor: 0, against: 0 };
      known.set(String(shown), count);
      count.all += 1;
      if (one.reason > 0) count.inFavor += 1;
      if (one.reason < 0) count.against += 1;
    }
  }
  const claimOf = (one) => {
    const { all, inFavor, against } = known.get(String(cut(one))) ?? { all: 1, inFavor: 0, against: 0 };
    return { sign: inFavor >= against ? 1 : -1, share: Math.max(inFavor, against) / all };
  };
  const claims = (wanted) =>
    cases
      .filter(({ learned }) => learned === wanted)
      .flatMap(({ evidence }) => evidence.map((one) => ({ ...claimOf(one), reason: one.reason })));
  const [learned, judged] = [claims(true), claims(false)];
  const reasonsOf = (wanted) => cases.filter(({ learned }) => learned === wanted).reduce((sum, { reasons }) => sum + reasons, 0);
  const shares = Array.from({ length: 60 }, (_, at) => at / 60);
  const best = shares.reduce((a, b) => (scoreOf(learned, b, reasonsOf(true)).f1 > scoreOf(learned, a, reasonsOf(true)).f1 ? b : a));
  return { labels: labels / attributes, ...scoreOf(judged, best, reasonsOf(false)) };
}

function scoreOf(claims, least, reasons) {
  const said = claims.filter(({ share }) => share >= least);
  const right = said.filter(({ sign, reason }) => sign === reason).length;
  return { f1: (2 * right) / (said.length + reasons), precision: right / said.length, recall: right / reasons };
}
