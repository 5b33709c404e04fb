// What the model must be able to do before policy optimization begins, measured on users and items that it has not seen.
import { createRng } from '@expctr/core';
import { auc, expectedCalibrationError } from '@expctr/ctr-models';
import { spearman } from '@expctr/eval';
import { generateWorld } from '@expctr/testbed';
import {
  absentClaims,
  careful,
  degreesPrompt,
  DEGREES,
  generic,
  historyPrompt,
  NEUTRAL,
  readerPrompt,
  sayClaims,
  situationOf,
  VERBS,
  VOCABULARY,
  wordId,
  type CodedClaim,
  type Degree,
  type Situation,
} from '@expctr/testbed/pretraining';
import { mean } from '../common/measure.js';
import { packed } from './packing.js';
import { qualityOf, trueClaims, write, type Model, type Quality } from './writing.js';

const GRADED = [...DEGREES.map((degree) => [degree, wordId(VERBS[degree])] as const), [0, wordId(NEUTRAL)] as const];
const [YES, NO] = [wordId('yes'), wordId('no')];

/** Labels that are drawn of each situation for calibration: one of 480 alone is off by 0.05 on average by chance. */
const DRAWS = 50;

type Named<T, Suffix extends string> = { readonly [K in keyof T & string as `${K}${Suffix}`]: T[K] };

/** What is measured. */
export interface Figures extends Named<Quality, 'Greedy'>, Named<Quality, 'Sampled'> {
  /** Rank correlation of the degrees that it gives to the items' values with the ideal writer's expectation: all, and values never met. */
  readonly degreeRank: number;
  readonly degreeRankNeverMet: number;
  /** The same in the second domain. */
  readonly degreeRankSecond: number;
  readonly degreeRankNeverMetSecond: number;
  /** AUC of the degrees that it gives, and of the ideal writer's expectation, by the sign of true reasons. */
  readonly signAuc: number;
  readonly signAucIdeal: number;
  /** The reader on true reasons, which say more than any history does. */
  readonly readerAuc: number;
  /** The reader on what careful writers say, and so on what it learned from. */
  readonly readerAucCareful: number;
  readonly readerBrier: number;
  readonly readerCalibrationError: number;
  /** AUC of the Bayes-optimal probability. */
  readonly bayesAuc: number;
  /** The reader on tastes that the item does not have: AUC, and its deviation as a share of that on true reasons. */
  readonly absentAuc: number;
  readonly absentSpread: number;
  /** AUC of the reader on neutral attributes named in the direction of the outcome, on true reasons with every sign flipped, on what a generic writer says. */
  readonly neutralAuc: number;
  readonly flippedAuc: number;
  readonly genericAuc: number;
  /** AUC of the answer to a history without an explanation, and of the sum of the ideal writer's expectations. */
  readonly historyAuc: number;
  readonly historyAucIdeal: number;
}

/** A gate: what is wanted of a figure. */
export interface Gate {
  readonly wanted: string;
  readonly passes: (x: number) => boolean;
  /** What the figure is. */
  readonly what: string;
}

/** Figures that have a gate. */
export type GateName = keyof typeof GATES;

/** The gates. */
export const GATES = {
  degreeRank: {
    wanted: '>= 0.8',
    passes: (x) => x >= 0.8,
    what: 'rank correlation of the degrees that it gives with what an ideal writer expects',
  },
  degreeRankNeverMet: { wanted: '>= 0.75', passes: (x) => x >= 0.75, what: 'the same for values that the user never met' },
  degreeRankSecond: { wanted: '>= 0.75', passes: (x) => x >= 0.75, what: 'the same in the words of the second domain, all values' },
  inventedSampled: { wanted: '<= 0.03', passes: (x) => x <= 0.03, what: 'claims about attributes that the item lacks, sampled' },
  inventedGreedy: { wanted: '<= 0.03', passes: (x) => x <= 0.03, what: 'the same, greedy' },
  readerAuc: { wanted: '>= 0.8', passes: (x) => x >= 0.8, what: 'AUC of the reader on true reasons' },
  readerCalibrationError: {
    wanted: '<= 0.05',
    passes: (x) => x <= 0.05,
    what: 'expected calibration error of the reader on what careful writers say, ten bins',
  },
  absentAuc: {
    wanted: '0.42 to 0.58',
    passes: (x) => x >= 0.42 && x <= 0.58,
    what: 'AUC of the reader on tastes that the item does not have',
  },
} satisfies Partial<Record<keyof Figures, Gate>>;

/** Names, gates and the figures that they look at. */
export function judged(figures: Figures): (Gate & { readonly name: GateName; readonly figure: number; readonly passed: boolean })[] {
  return (Object.keys(GATES) as GateName[]).map((name) => {
    const gate: Gate = GATES[name];
    return { ...gate, name, figure: figures[name], passed: gate.passes(figures[name]) };
  });
}

/** Held-out situations: worlds whose seeds no lesson has. */
export function heldOut(count: number, options: { readonly secondDomain?: boolean } = {}): Situation[] {
  const world = generateWorld({ seed: 'testbed held-out', items: 400, users: count, fieldWeights: 'by-user', ...options });
  const rng = createRng('held-out');
  return Array.from({ length: count }, (_, at) => {
    const user = world.user(at);
    return situationOf(world, user, Math.floor(user.rows.length / 2) + rng.int(Math.ceil(user.rows.length / 2)));
  });
}

/** What is found, with some of the texts that it wrote. */
export interface Findings {
  readonly figures: Figures;
  readonly textsGreedy: readonly string[];
  readonly textsSampled: readonly string[];
}

/** Measures every figure. @param generated situations that the model writes about */
export async function measureGates(model: Model, situations: readonly Situation[], generated = 144): Promise<Findings> {
  const rng = createRng('gates');
  const after = (sequences: readonly (readonly number[])[]): Promise<Float32Array[]> => lastLogProbs(model, sequences);
  const yes = (logProbs: Float32Array): number => 1 / (1 + Math.exp(logProbs[NO]! - logProbs[YES]!));
  const read = async (say: (situation: Situation) => string): Promise<number[]> =>
    (await after(situations.map((situation) => readerPrompt(situation, say(situation))))).map(yes);
  const labels = situations.map(({ label }) => label);
  const degrees = await degreeFigures(after, situations);
  const second = await degreeFigures(after, heldOut(situations.length, { secondDomain: true }));

  const say =
    (claims: (situation: Situation) => readonly CodedClaim[]) =>
    (situation: Situation): string =>
      sayClaims(claims(situation), situation.names);
  const flipped = (claims: readonly CodedClaim[]): CodedClaim[] => claims.map(([value, degree]) => [value, -degree as Degree]);
  const onTrue = await read(say(trueClaims));
  const onCareful = await read(say((situation) => careful(situation, rng)));
  const onAbsent = await read(say((situation) => absentClaims(situation, rng).slice(0, 3)));
  const onNeutral = await read(
    say((situation) => {
      const reasons = new Set(trueClaims(situation).map(([value]) => value));
      const neutral = situation.values.filter((value) => !reasons.has(value)).slice(0, 2);
      return neutral.map((value) => [value, situation.bayesProbability > 0.5 ? 1 : -1]);
    }),
  );
  const onHistory = (await after(situations.map(historyPrompt))).map(yes);
  const about = situations.slice(0, generated);
  const greedy = await write(model, about, 0, rng);
  const sampled = await write(model, about, 1, rng);
  const figures: Figures = {
    ...degrees,
    degreeRankSecond: second.degreeRank,
    degreeRankNeverMetSecond: second.degreeRankNeverMet,
    readerAuc: auc(labels, onTrue),
    readerAucCareful: auc(labels, onCareful),
    readerBrier: mean(onCareful.map((p, at) => (p - labels[at]!) ** 2)),
    readerCalibrationError: expectedCalibrationError(
      situations.flatMap(({ bayesProbability }) => Array.from({ length: DRAWS }, () => (rng.next() < bayesProbability ? 1 : 0))),
      onCareful.flatMap((p) => new Array<number>(DRAWS).fill(p)),
      { bins: 10 },
    ),
    bayesAuc: auc(
      labels,
      situations.map(({ bayesProbability }) => bayesProbability),
    ),
    absentAuc: auc(labels, onAbsent),
    absentSpread: deviation(onAbsent) / deviation(onTrue),
    neutralAuc: auc(labels, onNeutral),
    flippedAuc: auc(labels, await read(say((situation) => flipped(trueClaims(situation))))),
    genericAuc: auc(labels, await read(say((situation) => generic(situation, rng)))),
    historyAuc: auc(labels, onHistory),
    historyAucIdeal: auc(
      labels,
      situations.map(({ values, expected }) => values.reduce((sum, value) => sum + expected[value]!, 0)),
    ),
    ...suffixed(qualityOf(greedy, about), 'Greedy'),
    ...suffixed(qualityOf(sampled, about), 'Sampled'),
  };
  return { figures, textsGreedy: greedy.slice(0, 8), textsSampled: sampled.slice(0, 8) };
}

type After = (sequences: readonly (readonly number[])[]) => Promise<Float32Array[]>;

/** Log-probabilities after the last token of each sequence. */
async function lastLogProbs(model: Model, sequences: readonly (readonly number[])[]): Promise<Float32Array[]> {
  const width = VOCABULARY.length;
  const results = new Array<Float32Array>(sequences.length);
  for (const { batch, places } of packed(sequences, model)) {
    const out = await model.forward(model.trained, batch);
    for (const { index, end } of places) results[index] = out.slice(end * width, (end + 1) * width);
  }
  return results;
}

/** The degrees that it gives, one value asked about after another history, beside what an ideal writer expects. */
async function degreeFigures(
  after: After,
  situations: readonly Situation[],
): Promise<Pick<Figures, 'degreeRank' | 'degreeRankNeverMet' | 'signAuc' | 'signAucIdeal'>> {
  const cases = situations.flatMap((situation) => {
    const start = degreesPrompt(situation);
    const reasons = new Map(trueClaims(situation));
    return situation.values.map((value) => ({
      sequence: [...start, wordId(situation.names[value]!)],
      ideal: situation.expected[value]!,
      met: situation.met.has(value),
      reason: reasons.get(value) ?? 0,
    }));
  });
  const given = (await after(cases.map(({ sequence }) => sequence))).map(expectedDegree);
  const where = (wanted: (one: (typeof cases)[number]) => boolean): number[] => cases.flatMap((one, at) => (wanted(one) ? [at] : []));
  const rank = (places: readonly number[]): number =>
    spearman(
      places.map((at) => given[at]!),
      places.map((at) => cases[at]!.ideal),
    );
  const reasons = where(({ reason }) => reason !== 0);
  const ups = reasons.map((at) => (cases[at]!.reason > 0 ? 1 : 0));
  return {
    degreeRank: rank(where(() => true)),
    degreeRankNeverMet: rank(where(({ met }) => !met)),
    signAuc: auc(
      ups,
      reasons.map((at) => given[at]!),
    ),
    signAucIdeal: auc(
      ups,
      reasons.map((at) => cases[at]!.ideal),
    ),
  };
}

/** Of the five answers to a value that is asked about. */
function expectedDegree(logProbs: Float32Array): number {
  const mass = GRADED.map(([degree, id]) => [degree, Math.exp(logProbs[id]!)] as const);
  return mass.reduce((sum, [degree, p]) => sum + degree * p, 0) / mass.reduce((sum, [, p]) => sum + p, 0);
}

/** Standard deviation. */
function deviation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2)));
}

function suffixed<T extends object, Suffix extends string>(record: T, suffix: Suffix): Named<T, Suffix> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name + suffix, value as unknown])) as Named<T, Suffix>;
}
