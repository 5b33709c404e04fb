import { isObject, readJsonLines } from './json-lines.js';

/** One update of the policy. */
export interface UpdateLine {
  readonly stage: string;
  readonly iteration: number;
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** One epoch of a CTR model. */
export interface CtrEpochLine {
  readonly model: string;
  readonly iteration: number;
  readonly epoch: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** How well one form of the LC prompt read. */
export interface ReaderFormLine {
  readonly form: string;
  readonly aucReasons: number | null;
  readonly aucReasonsInterval: readonly [number, number] | null;
  readonly aucVerdict: number | null;
  readonly aucVerdictInterval: readonly [number, number] | null;
  readonly statements: number | null;
}

/** The reader check. */
export interface ReaderCheckLine {
  readonly chosen: string;
  readonly passed: boolean;
  readonly forms: readonly ReaderFormLine[];
  readonly skipped: readonly { readonly form: string; readonly reason: string }[];
}

/** A warning. */
export interface WarningLine {
  readonly code: string;
  readonly message: string;
}

/** What log.jsonl says. */
export interface RunLog {
  readonly readerCheck: ReaderCheckLine | null;
  readonly updates: readonly UpdateLine[];
  readonly ctrEpochs: readonly CtrEpochLine[];
  readonly warnings: readonly WarningLine[];
}

/** Reads log.jsonl. Events that this version does not know are passed over. @throws EvalError `EVAL_BAD_LINE`. */
export async function readRunLog(path: string): Promise<RunLog> {
  const lines = await readJsonLines(path);
  const of = (event: string): Record<string, unknown>[] => lines.filter((line) => line['event'] === event);
  return {
    readerCheck: of('reader-check').map(readerCheckOf).at(-1) ?? null,
    updates: of('update').map((line) => ({
      stage: text(line['stage']),
      iteration: number(line['iteration']) ?? 0,
      step: number(line['step']) ?? 0,
      metrics: numbers(line['metrics']),
    })),
    ctrEpochs: of('ctr-epoch').map((line) => ({
      model: text(line['model']),
      iteration: number(line['iteration']) ?? 0,
      epoch: number(line['epoch']) ?? 0,
      metrics: numbers(line['metrics']),
    })),
    warnings: of('warning').map((line) => ({ code: text(line['code']), message: text(line['message']) })),
  };
}

function readerCheckOf(line: Record<string, unknown>): ReaderCheckLine {
  return {
    chosen: text(line['chosen']),
    passed: line['passed'] === true,
    forms: objects(line['forms']).map((form) => ({
      form: text(form['form']),
      aucReasons: number(form['aucReasons']),
      aucReasonsInterval: interval(form['aucReasonsInterval']),
      aucVerdict: number(form['aucVerdict']),
      aucVerdictInterval: interval(form['aucVerdictInterval']),
      statements: number(form['statements']),
    })),
    skipped: objects(line['skipped']).map((form) => ({ form: text(form['form']), reason: text(form['reason']) })),
  };
}

const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const objects = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isObject) : []);

function interval(value: unknown): readonly [number, number] | null {
  if (!Array.isArray(value)) return null;
  const [low, high] = value.map(number);
  return typeof low === 'number' && typeof high === 'number' ? [low, high] : null;
}

/** The finite numbers of an object; JSON writes NaN as null, and a curve has a gap there. */
function numbers(value: unknown): Record<string, number> {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, number] => number(entry[1]) !== null));
}
