// What the model must be able to do before policy optimization begins, measured on users and items that it has not seen.
import { createRng, type Rng } from '@expctr/core';
import { auc, expectedCalibrationError } from '@expctr/ctr-models';
import { generateWorld } from '@expctr/testbed';
import {
  AGAINST,
  careful,
  explanationPrompt,
  FOR,
  generic,
  historyPrompt,
  readerPrompt,
  sayClaims,
  sayNotes,
  situationOf,
  VOCABULARY,
  wordId,
  wordIds,
  type Situation,
} from '@expctr/testbed/pretraining';
import { mean } from '../common/measure.js';
import { packed } from './packing.js';
import { argmax, NAMES, qualityOf, write, type Model, type Quality } from './writing.js';

const [FOR_IDS, AGAINST_IDS] = [FOR.map(wordId), AGAINST.map(wordId)];
const [YES, NO] = [wordId('yes'), wordId('no')];

type Named<T, Suffix extends string> = { readonly [K in keyof T & string as `${K}${Suffix}`]: T[K] };

/** What is measured. */
export interface Figures extends Named<Quality, 'Greedy'>, Named<Quality, 'Sampled'> {
  /** AUC of the signs that it writes for true reasons; of the bare counts in its prompt; and of its signs where there are any counts. */
  readonly signAuc: number;
  readonly signAucOfCounts: number;
  readonly signAucWhereSeen: number;
  /** Share of notes that say what the visible history says, given all notes before. */
  readonly notesRight: number;
  /** The reader on true reasons. */
  readonly readerAuc: number;
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
  /** AUC of the answer to a history without an explanation. */
  readonly historyAuc: number;
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
  signAuc: { wanted: '>= 0.8', passes: (x) => x >= 0.8, what: 'AUC of the signs that it writes for true reasons' },
  inventedSampled: { wanted: '<= 0.03', passes: (x) => x <= 0.03, what: 'claims about attributes that the item lacks, sampled' },
  inventedGreedy: { wanted: '<= 0.03', passes: (x) => x <= 0.03, what: 'the same, greedy' },
  notesRight: { wanted: '>= 0.95', passes: (x) => x >= 0.95, what: 'notes that say what the visible history says' },
  readerAuc: { wanted: '>= 0.8', passes: (x) => x >= 0.8, what: 'AUC of the reader on true reasons' },
  readerCalibrationError: {
    wanted: '<= 0.05',
    passes: (x) => x <= 0.05,
    what: 'expected calibration error of the reader on true reasons, ten bins',
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
export function heldOut(count: number, seed = 'held-out'): Situation[] {
  const world = generateWorld({ seed: `testbed ${seed}`, items: 400, users: count });
  const rng = createRng(seed);
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
  const notesRight = await shareOfRightNotes(after, situations);
  const signs = await signFigures(after, situations, rng);

  const trueText =
    (flip: 1 | -1) =>
    (situation: Situation): string =>
      sayClaims(
        careful(situation, rng).map(([value, sign]) => [value, sign === flip ? 1 : -1]),
        rng,
      );
  const onTrue = await read(trueText(1));
  const onAbsent = await read((situation) =>
    sayClaims(rng.shuffle(situation.tastes.filter(([value]) => !situation.values.includes(value))).slice(0, 3), rng),
  );
  const onNeutral = await read((situation) => {
    const reasons = new Set(careful(situation, rng).map(([value]) => value));
    const sign = situation.bayesProbability > 0.5 ? 1 : -1;
    const neutral = situation.values.filter((value) => !reasons.has(value)).slice(0, 2);
    return sayClaims(
      neutral.map((value) => [value, sign]),
      rng,
    );
  });
  const onHistory = (await after(situations.map(historyPrompt))).map(yes);
  const about = situations.slice(0, generated);
  const greedy = await write(model, about, 0, rng);
  const sampled = await write(model, about, 1, rng);
  const figures: Figures = {
    ...signs,
    notesRight,
    readerAuc: auc(labels, onTrue),
    readerBrier: mean(onTrue.map((p, at) => (p - labels[at]!) ** 2)),
    readerCalibrationError: expectedCalibrationError(labels, onTrue, { bins: 10 }),
    bayesAuc: auc(
      labels,
      situations.map(({ bayesProbability }) => bayesProbability),
    ),
    absentAuc: auc(labels, onAbsent),
    absentSpread: deviation(onAbsent) / deviation(onTrue),
    neutralAuc: auc(labels, onNeutral),
    flippedAuc: auc(labels, await read(trueText(-1))),
    genericAuc: auc(labels, await read((situation) => sayClaims(generic(situation, rng), rng))),
    historyAuc: auc(labels, onHistory),
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

/** Each note, given all notes before. */
async function shareOfRightNotes(after: After, situations: readonly Situation[]): Promise<number> {
  const cases = situations.flatMap((situation) => {
    const notes = wordIds(sayNotes(situation.evidence));
    const prompt = explanationPrompt(situation);
    return notes.flatMap((id, at) => (at % 2 === 1 ? [{ sequence: [...prompt, ...notes.slice(0, at)], id }] : []));
  });
  const logProbs = await after(cases.map(({ sequence }) => sequence));
  return mean(logProbs.map((each, at) => (argmax(each) === cases[at]!.id ? 1 : 0)));
}

/** The sign that it writes behind each true reason. */
async function signFigures(
  after: After,
  situations: readonly Situation[],
  rng: Rng,
): Promise<Pick<Figures, 'signAuc' | 'signAucOfCounts' | 'signAucWhereSeen'>> {
  const cases = situations.flatMap((situation) => {
    const start = [...explanationPrompt(situation), ...wordIds(sayNotes(situation.evidence))];
    return careful(situation, rng).map(([value, sign]) => {
      const { liked, disliked } = situation.evidence.find((one) => one.value === value)!;
      return { sequence: [...start, wordId(NAMES[value]!)], up: sign > 0 ? 1 : 0, counts: liked - disliked, known: liked + disliked > 0 };
    });
  });
  const mass = (logProbs: Float32Array, ids: readonly number[]): number => ids.reduce((sum, id) => sum + Math.exp(logProbs[id]!), 0);
  const odds = (await after(cases.map(({ sequence }) => sequence))).map(
    (logProbs) => Math.log(mass(logProbs, FOR_IDS)) - Math.log(mass(logProbs, AGAINST_IDS)),
  );
  const ups = cases.map(({ up }) => up);
  const seen = <T>(values: readonly T[]): T[] => values.filter((_, at) => cases[at]!.known);
  return {
    signAuc: auc(ups, odds),
    signAucOfCounts: auc(
      ups,
      cases.map(({ counts }) => counts),
    ),
    signAucWhereSeen: auc(seen(ups), seen(odds)),
  };
}

/** Standard deviation. */
function deviation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2)));
}

function suffixed<T extends object, Suffix extends string>(record: T, suffix: Suffix): Named<T, Suffix> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name + suffix, value as unknown])) as Named<T, Suffix>;
}
