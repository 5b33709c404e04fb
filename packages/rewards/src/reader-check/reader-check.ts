import { checkOptions, type Rng, type OptionKeys } from '@expctr/core';
import { RewardError } from '../errors.js';
import { auc } from '../auc.js';
import type { Reader } from '../reader.js';
import { readerStatements, type ReaderStatements, type StatementPair } from './statements.js';

/** A form that the model cannot express. */
export interface UnavailableForm {
  /** Why: "the tokenizer has no chat template". */
  readonly unavailable: string;
}

/** A form that was passed over. */
export interface SkippedForm<Form extends string> {
  /** Its name. */
  readonly form: Form;
  /** Why the model cannot express it. */
  readonly reason: string;
}

/** Options of {@link runReaderCheck}. */
export interface ReaderCheckOptions<Form extends string> {
  /** Forms of the LC prompt to try, in the order that breaks ties. One form alone is not chosen but only checked. */
  readonly forms: readonly Form[];
  /** The reader that asks in a form, or why the model cannot express it (a chat without a chat template, for instance). */
  readonly readerFor: (form: Form) => Promise<Pick<Reader, 'read'> | UnavailableForm>;
  /** Halves the pairs and draws the bootstrap. */
  readonly rng: Rng;
  /** Least AUC of a reader that can read. Default 0.7. */
  readonly threshold?: number;
  /**
   * Whether verdicts are removed before the reader sees an explanation (default true). The gate then rests on statements that
   * give reasons only; without it, on both sorts together.
   */
  readonly stripVerdict?: boolean;
  /** What is read, for readers of another language than the built-in statements' ({@link readerStatements}). */
  readonly statements?: ReaderStatements;
  /** Bootstrap resamples for the intervals, default 1,000. */
  readonly resamples?: number;
  /** Called after each form with its result. */
  readonly onForm?: (result: ReaderFormResult<Form>) => void;
}

/** How well one form reads. Every AUC is over single statements: label 1 where the statement speaks for the item. */
export interface ReaderFormResult<Form extends string> {
  /** Its name. */
  readonly form: Form;
  /** AUC on the half of the pairs from which the form is chosen. */
  readonly aucSelection: number;
  /** AUC on the other half, in the sort of statement that the reader is fed: what the gate is about. */
  readonly aucGate: number;
  /** AUC on the other half, statements that give reasons only. */
  readonly aucReasons: number;
  /** 95 % percentile bootstrap over pairs. */
  readonly aucReasonsInterval: readonly [low: number, high: number];
  /** AUC on the other half of the statements of the outcome alone. */
  readonly aucVerdict: number;
  /** 95 % percentile bootstrap over pairs. */
  readonly aucVerdictInterval: readonly [low: number, high: number];
  /** Reasons-only statements behind `aucReasons`. */
  readonly statements: number;
}

/** Result of {@link runReaderCheck}. */
export interface ReaderCheckResult<Form extends string> {
  /** The form with the highest AUC on the half kept for choosing. */
  readonly chosen: Form;
  /** Whether its AUC on the other half is at least `threshold`. */
  readonly passed: boolean;
  /** Least AUC that counts as reading. */
  readonly threshold: number;
  /** Every form that was read, in the given order. */
  readonly forms: readonly ReaderFormResult<Form>[];
  /** Every form that the model cannot express, and why. */
  readonly skipped: readonly SkippedForm<Form>[];
}

const RUN_READER_CHECK_OPTIONS: OptionKeys<ReaderCheckOptions<never>> = {
  forms: true,
  readerFor: true,
  rng: true,
  threshold: true,
  stripVerdict: true,
  statements: true,
  resamples: true,
  onForm: true,
};

/**
 * Measures whether the reader can tell a reason for from a reason against, before its probabilities are used as a reward.
 *
 * All forms read the same built-in statements. Half of the *pairs* serves to choose the form, the other half (200 statements that
 * give reasons only) to judge it, so that choosing among several does not flatter the winner. The gate is the point AUC.
 *
 * @throws {RewardError} `READER_NO_FORM` where the model can express none of the forms
 */
export async function runReaderCheck<Form extends string>(options: ReaderCheckOptions<Form>): Promise<ReaderCheckResult<Form>> {
  checkOptions('runReaderCheck', options, RUN_READER_CHECK_OPTIONS);
  const { readerFor, rng, threshold = 0.7, stripVerdict = true, resamples = 1_000, onForm, statements = readerStatements() } = options;
  const { reasons, verdicts } = statements;
  const [chooseReasons, judgeReasons] = halves(reasons, rng.fork('reasons'));
  const [chooseVerdicts, judgeVerdicts] = halves(verdicts, rng.fork('verdicts'));
  const fed = (reason: ReadPairs, verdict: ReadPairs): ReadPairs => (stripVerdict ? reason : joined(reason, verdict));

  const forms: ReaderFormResult<Form>[] = [];
  const skipped: SkippedForm<Form>[] = [];
  for (const form of options.forms) {
    const reader = await readerFor(form);
    if ('unavailable' in reader) {
      skipped.push({ form, reason: reader.unavailable });
      continue;
    }
    const read = await readPairs(reader, [...chooseReasons, ...judgeReasons, ...chooseVerdicts, ...judgeVerdicts]);
    const [chosenReasons, judgedReasons, chosenVerdicts, judgedVerdicts] = cut(read, [
      chooseReasons.length,
      judgeReasons.length,
      chooseVerdicts.length,
      judgeVerdicts.length,
    ]);
    const result: ReaderFormResult<Form> = {
      form,
      aucSelection: pairAuc(fed(chosenReasons, chosenVerdicts)),
      aucGate: pairAuc(fed(judgedReasons, judgedVerdicts)),
      aucReasons: pairAuc(judgedReasons),
      aucReasonsInterval: pairAucInterval(judgedReasons, resamples, rng.fork('bootstrap', 'reasons')),
      aucVerdict: pairAuc(judgedVerdicts),
      aucVerdictInterval: pairAucInterval(judgedVerdicts, resamples, rng.fork('bootstrap', 'verdicts')),
      statements: 2 * judgedReasons.inFavor.length,
    };
    forms.push(result);
    onForm?.(result);
  }

  const [first, ...others] = forms;
  if (first === undefined) {
    throw new RewardError('READER_NO_FORM', 'the model can express none of the forms of the LC prompt', {
      where: skipped.map(({ form, reason }) => `${form}: ${reason}`).join('; '),
      remedy: "name another form ('few-shot' needs no chat template), or give a template of your own as prompt.lc",
    });
  }
  const best = others.reduce((leader, form) => (form.aucSelection > leader.aucSelection ? form : leader), first);
  return { chosen: best.form, passed: best.aucGate >= threshold, threshold, forms, skipped };
}

/**
 * Ends a run whose reader cannot read: a reward from it would be noise.
 *
 * @throws {RewardError} `READER_CANNOT_READ`, naming the option `reader.onFail`, unless the check was passed
 */
export function requireReader<Form extends string>(result: ReaderCheckResult<Form>): void {
  if (result.passed) return;
  const chosen = result.forms.find(({ form }) => form === result.chosen);
  const figure = chosen === undefined ? '' : ` (AUC ${chosen.aucGate.toFixed(3)})`;
  throw new RewardError(
    'READER_CANNOT_READ',
    `the reader cannot tell reasons for from reasons against, in no form better than '${result.chosen}'${figure}`,
    {
      expected: `an AUC of at least ${result.threshold} on the built-in statements`,
      remedy: 'use a larger model or an LC prompt of your own (prompt.lc), or go on all the same with --set reader.onFail=warn',
    },
  );
}

/** What the reader made of pairs: p of each statement in favor and of the one against it. */
interface ReadPairs {
  readonly inFavor: Float64Array;
  readonly against: Float64Array;
}

async function readPairs(reader: Pick<Reader, 'read'>, pairs: readonly StatementPair[]): Promise<ReadPairs> {
  const p = await reader.read({
    length: 2 * pairs.length,
    item: pairs.flatMap(({ item }) => [item, item]),
    history: Array.from({ length: 2 * pairs.length }, () => ({ liked: [], disliked: [] })), // for templates that repeat it
    read: pairs.flatMap(({ inFavor, against }) => [inFavor, against]),
  });
  return { inFavor: p.filter((_, row) => row % 2 === 0), against: p.filter((_, row) => row % 2 === 1) };
}

function halves<T>(values: readonly T[], rng: Rng): [T[], T[]] {
  const shuffled = rng.shuffle([...values]);
  const half = Math.floor(values.length / 2);
  return [shuffled.slice(0, half), shuffled.slice(half)];
}

function cut(read: ReadPairs, lengths: readonly [number, number, number, number]): [ReadPairs, ReadPairs, ReadPairs, ReadPairs] {
  let start = 0;
  const next = (length: number): ReadPairs => {
    const part = { inFavor: read.inFavor.slice(start, start + length), against: read.against.slice(start, start + length) };
    start += length;
    return part;
  };
  return [next(lengths[0]), next(lengths[1]), next(lengths[2]), next(lengths[3])];
}

function joined(a: ReadPairs, b: ReadPairs): ReadPairs {
  return { inFavor: Float64Array.of(...a.inFavor, ...b.inFavor), against: Float64Array.of(...a.against, ...b.against) };
}

function pairAuc({ inFavor, against }: ReadPairs, weights?: Float64Array): number {
  const labels = Uint8Array.from({ length: 2 * inFavor.length }, (_, row) => (row < inFavor.length ? 1 : 0));
  const scores = Float64Array.of(...inFavor, ...against);
  return auc(scores, labels, weights === undefined ? undefined : Float64Array.of(...weights, ...weights)) ?? 0.5;
}

function pairAucInterval(pairs: ReadPairs, resamples: number, rng: Rng): [number, number] {
  const count = pairs.inFavor.length;
  const values = Float64Array.from({ length: resamples }, () => {
    const weights = new Float64Array(count);
    for (let draw = 0; draw < count; draw += 1) {
      const pair = rng.int(count);
      weights[pair] = (weights[pair] ?? 0) + 1;
    }
    return pairAuc(pairs, weights);
  }).sort();
  const quantile = (q: number): number => values[Math.round(q * (resamples - 1))] ?? Number.NaN;
  return [quantile(0.025), quantile(0.975)];
}
