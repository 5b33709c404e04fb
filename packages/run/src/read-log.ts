import type { CtrEpochEvent, HistoryBackboneEvent, ReaderCheckEvent, ReaderFormFigures, UpdateEvent, WarningEvent } from './events.js';
import { isObject, readJsonLines } from './json-lines.js';

/** What `log.jsonl` says, by kind of event. */
export interface RunLog {
  /** The last reader check. */
  readonly readerCheck: ReaderCheckEvent | null;
  /** The last choice of a history backbone. */
  readonly historyBackbone: HistoryBackboneEvent | null;
  /** In the order of the log. */
  readonly updates: readonly UpdateEvent[];
  /** In the order of the log. */
  readonly ctrEpochs: readonly CtrEpochEvent[];
  /** In the order of the log. */
  readonly warnings: readonly WarningEvent[];
}

/** Reads `log.jsonl`. Events that this version does not know are passed over. @throws RunFolderError `RUN_BAD_LINE`. */
export async function readRunLog(path: string): Promise<RunLog> {
  const lines = await readJsonLines(path);
  const of = (event: string): Record<string, unknown>[] => lines.filter((line) => line['event'] === event);
  return {
    readerCheck: of('reader-check').map(readerCheckOf).at(-1) ?? null,
    historyBackbone: of('history-backbone').map(historyBackboneOf).at(-1) ?? null,
    updates: of('update').map((line) => ({
      event: 'update',
      stage: line['stage'] === 'stage3' ? 'stage3' : 'stage1',
      iteration: number(line['iteration']) ?? 0,
      step: number(line['step']) ?? 0,
      metrics: numbers(line['metrics']),
    })),
    ctrEpochs: of('ctr-epoch').map((line) => ({
      event: 'ctr-epoch',
      model: text(line['model']),
      iteration: number(line['iteration']) ?? 0,
      epoch: number(line['epoch']) ?? 0,
      metrics: numbers(line['metrics']),
    })),
    warnings: of('warning').map((line) => ({ event: 'warning', code: text(line['code']), message: text(line['message']) })),
  };
}

function readerCheckOf(line: Record<string, unknown>): ReaderCheckEvent {
  return {
    event: 'reader-check',
    chosen: text(line['chosen']),
    passed: line['passed'] === true,
    threshold: number(line['threshold']),
    forms: objects(line['forms']).map((form): ReaderFormFigures => ({
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

function historyBackboneOf(line: Record<string, unknown>): HistoryBackboneEvent {
  return {
    event: 'history-backbone',
    chosen: number(line['chosen']) ?? 0,
    candidates: objects(line['candidates']).map((one) => ({
      backbone: text(one['backbone']),
      embeddingL2: number(one['embeddingL2']),
      validAuc: number(one['validAuc']),
    })),
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
