// Tables in Markdown of figures over seeds.
import { mean } from '../common/measure.js';
import type { SeedRun } from './seed-run.js';

/** A figure of a run; null, undefined and NaN where the run has none. */
export type FigureOf = (run: SeedRun) => number | null | undefined;

/** Two-sided 95 % quantiles of Student's t by degrees of freedom, from 1. */
const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/** Mean over seeds with Student's 95 % interval; seeds without the figure are left out. */
export function overSeeds(runs: readonly SeedRun[], of: FigureOf): string {
  return meanWithInterval(runs.map(of));
}

/** Mean with Student's 95 % interval; what is no finite number is left out. */
export function meanWithInterval(figures: readonly (number | null | undefined)[]): string {
  const values = figures.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  if (values.length === 0) return '–';
  const center = mean(values);
  if (values.length < 2) return center.toFixed(3);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
  const half = ((T[values.length - 2] ?? 1.96) * deviation) / Math.sqrt(values.length);
  return `${center.toFixed(3)} [${(center - half).toFixed(3)}, ${(center + half).toFixed(3)}]`;
}

/** A table of cells under a head. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Several figures a row. */
export function table(
  runs: readonly SeedRun[],
  head: string,
  names: readonly string[],
  rows: readonly (readonly [title: string, figures: readonly FigureOf[]])[],
): string {
  return markdown(
    [head, ...names],
    rows.map(([title, figures]) => [title, ...figures.map((of) => overSeeds(runs, of))]),
  );
}

/** One figure a row. */
export function list(runs: readonly SeedRun[], head: string, rows: readonly (readonly [title: string, figure: FigureOf])[]): string {
  return markdown(
    [head, 'mean over seeds [95 %]'],
    rows.map(([title, of]) => [title, overSeeds(runs, of)]),
  );
}
