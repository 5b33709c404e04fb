import type { Rng } from '@expctr/core';
import { cutItem } from '../prompts/cut-item.js';
import { fill } from '../prompts/slots.js';
import type { ItemText } from '../prompts/item-text.js';
import type { Histories } from '../prepare/histories.js';
import { SPLITS } from '../schemas/interactions.js';
import { itemText, type Items } from '../schemas/items.js';
import { wordValues } from './word-slots.js';
import type { Examples, Words } from './words.js';

/** Rows that examples may be drawn from. */
export interface ExampleRows {
  readonly length: number;
  /** Codes into `items`. */
  readonly item: ArrayLike<number>;
  readonly label: ArrayLike<number>;
  readonly split: ArrayLike<number>;
  readonly items: Items;
  /** The histories of rows `start .. end`. */
  readonly histories: (start: number, end: number) => Histories;
}

/** So many rows are looked at: enough to find examples, and a moment even among 20 million. */
const TRIES = 3_000;
/** Examples show what is asked for, not what items can be: their texts are short. */
const LONGEST_TEXT = 80;
/** Titles that a reason names. */
const NAMED = 2;
/** Of each list in the worked example of an explanation, which stands in every prompt. */
const LISTED = 1;
/** Reading examples of each answer. */
const EACH_ANSWER = 2;
/** What it says against an item that no liked one has a value of its. */
const LACK = -0.1;
const TRAIN = SPLITS.indexOf('train');

type Example = Examples['explanation']['target'];

/** What of a history speaks for an item, or against it. */
interface Reason {
  /** Whether it comes from items that were disliked: a lack of likes says less. */
  readonly fromDislikes: boolean;
  /** From 0, nothing, to 1: how one-sided what it comes from is. */
  readonly strength: number;
  /** The newest `count` of the items that it comes from. */
  readonly items: (count: number) => readonly Example[];
  /** In words that name so many of them. */
  readonly text: (count: number) => string;
}

interface Candidate {
  readonly label: number;
  readonly target: Example;
  readonly inFavor: Reason | null;
  readonly against: Reason | null;
  /** One value that speaks for it, and as well against it: where items have one attribute only, no other example has both. */
  readonly mixed: { readonly inFavor: Reason; readonly against: Reason } | null;
}

/**
 * Worked examples from train rows, with reasons that follow from counting attribute values; null where there are no such rows. No text
 * says more than the rows do.
 */
export function ownExamples(
  rows: ExampleRows,
  words: Omit<Words, 'schema' | 'domain' | 'examples' | 'examplesFrom'>,
  rng: Rng,
): Examples | null {
  const reading: Record<'yes' | 'no', Examples['reading'][number][]> = { yes: [], no: [] };
  const used = new Set<string>();
  /** From two values, from one, from a lack of likes. */
  const found: (Examples['explanation'] | undefined)[] = [];
  for (const candidate of candidatesOf(rows, words, rng)) {
    const { label, target, inFavor, against, mixed } = candidate;
    if (inFavor !== null && against !== null) found[against.fromDislikes ? 0 : 2] ??= explanationOf(target, inFavor, against, used);
    if (mixed !== null && found[0] === undefined) found[1] ??= explanationOf(target, mixed.inFavor, mixed.against, used);
    const answer = label === 1 ? 'yes' : 'no';
    const [says, gainsays] = label === 1 ? [inFavor, against] : [against, inFavor];
    const consistent = says !== null && says.strength > (gainsays?.strength ?? 0);
    if (consistent && reading[answer].length < EACH_ANSWER && !used.has(target.title)) {
      used.add(target.title);
      reading[answer].push({ ...target, explanation: says.text(NAMED), answer });
    }
    if (found[0] !== undefined && reading.yes.length === EACH_ANSWER && reading.no.length === EACH_ANSWER) break;
  }
  const explanation = found.find((one) => one !== undefined);
  const each = Math.min(reading.yes.length, reading.no.length);
  if (explanation === undefined || each === 0) return null;
  const [firstYes, secondYes] = reading.yes;
  const [firstNo, secondNo] = reading.no;
  // yes, no, no, yes: neither order nor the last answer gives one away
  const ordered = each === 1 ? [firstYes!, firstNo!] : [firstYes!, firstNo!, secondNo!, secondYes!];
  return { explanation, reading: ordered };
}

function explanationOf(target: Example, inFavor: Reason, against: Reason, used: Set<string>): Examples['explanation'] {
  used.add(target.title);
  const lower = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
  return {
    liked: [...inFavor.items(LISTED)],
    disliked: against.fromDislikes ? [...against.items(LISTED)] : [],
    target,
    analysis: `First, ${lower(inFavor.text(LISTED))} Second, ${lower(against.text(LISTED))}`,
  };
}

function* candidatesOf(
  { length, item, label, split, items, histories }: ExampleRows,
  words: Parameters<typeof ownExamples>[1],
  rng: Rng,
): Generator<Candidate> {
  const drawn =
    length <= TRIES ? rng.shuffle(Array.from({ length }, (_, row) => row)) : Array.from({ length: TRIES }, () => rng.int(length));
  const textOf = (row: number): Example => exampleItem(cutItem(itemText(items, item[row]!, words.units), LONGEST_TEXT).item);
  for (const row of new Set(drawn)) {
    if (split[row] !== TRAIN) continue;
    const { values } = histories(row, row + 1);
    const past = Array.from(values);
    if (past.length === 0) continue;
    const liked = past.filter((earlier) => label[earlier] === 1).map(textOf);
    const disliked = past.filter((earlier) => label[earlier] !== 1).map(textOf);
    const target = textOf(row);
    yield { label: label[row]!, target, ...reasonsOf(target, liked, disliked, words) };
  }
}

/** The strongest reason for an item and against it, each from another value. */
function reasonsOf(
  target: Example,
  liked: readonly Example[],
  disliked: readonly Example[],
  words: Parameters<typeof ownExamples>[1],
): Pick<Candidate, 'inFavor' | 'against' | 'mixed'> {
  const slots = wordValues(words);
  const counted = Object.entries(target.attributes).flatMap(([name, values]) =>
    values.map((value) => {
      const having = (some: readonly Example[]): Example[] => some.filter(({ attributes }) => attributes[name]?.includes(value) === true);
      const [pro, contra] = [having(liked), having(disliked)];
      const lean = (pro.length - contra.length) / (pro.length + contra.length + 1); // few items say less than many
      return { name, value, pro, contra, lean };
    }),
  );
  const say = (text: string, name: string, value: string, some: readonly Example[]): string =>
    fill(text, { ...slots, name, value, title: target.title, others: some.map(({ title }) => title).join(' and ') });
  const [best] = counted.filter(({ lean }) => lean > 0).sort((a, b) => b.lean - a.lean);
  const [worst] = counted.filter(({ lean }) => lean < 0).sort((a, b) => a.lean - b.lean);
  const lacking = counted.find(({ pro, contra }) => pro.length + contra.length === 0 && liked.length > NAMED);
  const reason = (
    text: string,
    { name, value, lean }: { name: string; value: string; lean: number },
    some: readonly Example[],
    fromDislikes: boolean,
  ): Reason => ({
    fromDislikes,
    strength: Math.abs(lean),
    items: (count) => some.slice(-count),
    text: (count) => say(text, name, value, some.slice(-count)),
  });
  const same = 'and {title} has the same {name}, {value}.';
  const both = counted.find(({ pro, contra }) => pro.length > 0 && contra.length > 0);
  return {
    inFavor: best === undefined ? null : reason(`They {didLike} {others}, ${same}`, best, best.pro, false),
    mixed:
      both === undefined
        ? null
        : {
            inFavor: reason(`They {didLike} {others}, ${same}`, both, both.pro, false),
            against: reason(`They {didDislike} {others}, ${same}`, both, both.contra, true),
          },
    against:
      worst !== undefined
        ? reason(`They {didDislike} {others}, ${same}`, worst, worst.contra, true)
        : disliked.length === 0 && lacking !== undefined
          ? reason(
              'None of the {nouns} that they {didLike} has the {name} {value}, and {title} has it.',
              { ...lacking, lean: LACK },
              [],
              false,
            )
          : null,
  };
}

function exampleItem({ title, attributes, numbers }: ItemText): Example {
  const copied = Object.fromEntries(Object.entries(attributes).map(([name, values]) => [name, [...values]]));
  return { title, attributes: copied, ...(numbers === undefined ? {} : { numbers: { ...numbers } }) };
}
