import { rm, stat, mkdtemp } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTable } from '@expctr/data';
import type { HubOptions } from '@expctr/hub';
import { silentProgress } from '@expctr/trainer';
import { WorkerError } from './errors.js';
import { kinds } from './kinds/table.js';
import type { PlacedPlan } from './plan/plan.js';

/** How fast one process works. */
export interface Rate {
  /** Its name. */
  readonly processor: string;
  /** How many of its cores there are for this process. */
  readonly cores: number;
  /** Of the process. */
  readonly threads: number;
  /** Rows that were timed. */
  readonly rows: number;
  /** As the clock has it, whatever else the machine did. */
  readonly rowsPerSecond: number;
  /** Rows a second of processor time: what a core makes that has nothing else to do. */
  readonly rowsPerCoreSecond: number;
  /** Seconds until models and inputs were in memory. */
  readonly opening: number;
  /** Of the result, a row. */
  readonly bytesPerRow: number;
}

/** Times so many rows of a plan, after as many others that let everything be compiled; no result is kept. */
export async function measureRate(placed: PlacedPlan, rows: number, hub: HubOptions = {}): Promise<Rate> {
  const { plan } = placed;
  const [from, to] = plan.rows;
  if (to - from < 2 * rows) {
    throw new WorkerError('WORKER_ROWS', `the job has ${to - from} rows, and ${2 * rows} are needed to time ${rows}`, {
      where: '--rows',
      remedy: `give at most ${Math.floor((to - from) / 2)}`,
      wrongUse: true,
    });
  }
  const kind = kinds[plan.kind];
  const begun = performance.now();
  const work = await kind.open(placed, { hub, progress: silentProgress, signal: undefined });
  const folder = await mkdtemp(join(tmpdir(), 'expctr-measure-'));
  try {
    const opened = performance.now();
    await work.rows(from, from + rows);
    const started = performance.now();
    const before = process.cpuUsage();
    const result = await work.rows(from + rows, from + 2 * rows);
    const file = join(folder, 'result.arrow');
    await writeTable(file, kind.form.toTable(result));
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(before);
    return {
      processor: cpus()[0]?.model.trim() || 'unknown processor',
      cores: availableParallelism(),
      threads: (plan.options as { readonly threads: number }).threads,
      rows,
      rowsPerSecond: rows / seconds,
      rowsPerCoreSecond: rows / ((user + system) / 1e6),
      opening: (opened - begun) / 1000,
      bytesPerRow: (await stat(file)).size / rows,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
    await work.close();
  }
}

const MILLIONS = [10, 100];
const CORES = [1, 16, 256];

/** The figures as lines, and what they come to for millions of rows. */
export function rateText(kind: string, rate: Rate): string {
  const { processor, cores, threads, rows, rowsPerSecond, rowsPerCoreSecond, opening, bytesPerRow } = rate;
  const lines = MILLIONS.map((millions) => {
    const total = millions * 1e6;
    const times = CORES.map((count) => `${durationText(total / rowsPerCoreSecond / count)} on ${count}`).join(', ');
    return `  ${millions} million rows: ${times} cores; results ${twoDigits((total * bytesPerRow) / 1e9)} GB`;
  });
  return [
    `${kind}: ${rowsPerCoreSecond.toPrecision(3)} rows a second of processor time, over ${rows} rows`,
    `  this process of ${threads} thread${threads === 1 ? '' : 's'}: ${rowsPerSecond.toPrecision(3)} rows/s, opened in ${opening.toFixed(1)} s`,
    `  on ${processor}, ${cores} cores`,
    ...lines,
  ].join('\n');
}

function durationText(seconds: number): string {
  const units = [
    [86_400, 'days'],
    [3600, 'hours'],
    [60, 'minutes'],
    [1, 'seconds'],
  ] as const;
  const [size, name] = units.find(([unit]) => seconds >= 2 * unit) ?? [1, 'seconds'];
  return `${twoDigits(seconds / size)} ${name}`;
}

/** So many digits as a projection deserves. */
function twoDigits(value: number): string {
  return value >= 10 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2);
}
