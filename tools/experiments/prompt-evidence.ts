// How much of a user's history has a prompt to show? For ways of cutting the labels behind each attribute: the F1 of the best rule that
// sees nothing else, as a table in Markdown.
//   usage: npm run experiment -- prompt-evidence [--users 1800] [--items 1000] [--seed 1]
// The rule claims an attribute, with its more frequent sign, where such evidence was a reason often enough. How often, and what is
// enough, is learned on one half of the users; the figures are those of the other half.
import { balancedCounts, evidenceOf, historyOf, itemText, rowsOf, type Evidence, type ItemText } from '@expctr/data';
import { generateWorld, prepareWorld, trueReasons } from '@expctr/testbed';
import { toolArguments, wholeNumber } from '../common/arguments.js';

/** What the whole history says of one attribute of a row's item, and whether it is a reason there: its sign, or 0. */
interface Labelled extends Evidence {
  readonly reason: -1 | 0 | 1;
}

/** A row. */
interface Case {
  /** Whether the rule learns from it; it is judged on the others. */
  readonly learned: boolean;
  readonly evidence: readonly Labelled[];
  /** Number of true reasons. */
  readonly reasons: number;
}

/** What of the labels is shown. */
type Cut = (evidence: Evidence) => readonly [liked: number, disliked: number];

/** What the rule says of an attribute. */
interface RuleClaim {
  readonly sign: -1 | 1;
  /** How often such evidence was a reason. */
  readonly share: number;
  /** Whether it is one here. */
  readonly reason: -1 | 0 | 1;
}

interface Score {
  readonly f1: number;
  readonly precision: number;
  readonly recall: number;
}

const { values } = toolArguments({
  users: { type: 'string', default: '1800' },
  items: { type: 'string', default: '1000' },
  seed: { type: 'string', default: '1' },
});
const cases = casesOf(wholeNumber('--users', values.users), wholeNumber('--items', values.items), values.seed);

const WAYS: Record<string, (limit: number) => Cut> = {
  'each label cut':
    (limit) =>
    ({ liked, disliked }) => [Math.min(limit, liked), Math.min(limit, disliked)],
  'balance kept':
    (limit) =>
    ({ liked, disliked }) => {
      const counts = balancedCounts(liked, disliked, limit);
      return [counts.liked, counts.disliked];
    },
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

/** The test rows of a world, with all that their histories say. */
function casesOf(users: number, items: number, seed: string): Case[] {
  const dataset = prepareWorld(generateWorld({ seed, users, items }), { kCore: 0, history: { length: 60 } });
  const { interactions } = dataset;
  const itemOf = (row: number): ItemText => itemText(dataset.items, interactions.item[row]!);
  return [...rowsOf(interactions, 'test')].map((row) => {
    const history: Record<'liked' | 'disliked', ItemText[]> = { liked: [], disliked: [] };
    for (const earlier of historyOf(interactions, row))
      history[interactions.label[earlier] === 1 ? 'liked' : 'disliked'].push(itemOf(earlier));
    const reasons = trueReasons(dataset.truth[row]!);
    const evidence = evidenceOf(history, itemOf(row), Infinity).map((one): Labelled => ({
      ...one,
      reason: reasons.find(({ field, value }) => field === one.name && value === one.value)?.sign ?? 0,
    }));
    return { learned: interactions.user[row]! % 2 === 0, evidence, reasons: reasons.length };
  });
}

function bestRule(cut: Cut): Score & { readonly labels: number } {
  const known = new Map<string, { all: number; inFavor: number; against: number }>();
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
  const claimOf = (one: Labelled): RuleClaim => {
    const { all, inFavor, against } = known.get(String(cut(one))) ?? { all: 1, inFavor: 0, against: 0 };
    return { sign: inFavor >= against ? 1 : -1, share: Math.max(inFavor, against) / all, reason: one.reason };
  };
  const [learned, judged] = [cases.filter((one) => one.learned), cases.filter((one) => !one.learned)];
  const claims = (some: readonly Case[]): RuleClaim[] => some.flatMap(({ evidence }) => evidence.map(claimOf));
  const reasonsOf = (some: readonly Case[]): number => some.reduce((sum, { reasons }) => sum + reasons, 0);
  const [lessons, reasons] = [claims(learned), reasonsOf(learned)];
  const f1Of = (share: number): number => scoreOf(lessons, share, reasons).f1;
  const shares = Array.from({ length: 60 }, (_, at) => at / 60);
  const best = shares.reduce((a, b) => (f1Of(b) > f1Of(a) ? b : a));
  return { labels: labels / attributes, ...scoreOf(claims(judged), best, reasonsOf(judged)) };
}

function scoreOf(claims: readonly RuleClaim[], least: number, reasons: number): Score {
  const said = claims.filter(({ share }) => share >= least);
  const right = said.filter(({ sign, reason }) => sign === reason).length;
  return { f1: (2 * right) / (said.length + reasons), precision: right / said.length, recall: right / reasons };
}
