import type { Cost } from './totals.js';

/** Costs as a table of fixed width; the time columns only where there are times. */
export function table(title: string, costs: readonly Cost[]): string {
  const whole =
    costs.find(({ name }) => name === '')?.milliseconds ?? costs.reduce((sum, { milliseconds }) => sum + (milliseconds ?? 0), 0);
  const rows = costs.map(({ name, nodes, flops, bytes, milliseconds }) => [
    name === '' ? '(whole)' : name,
    String(nodes),
    scaled(flops, 1e6),
    scaled(bytes, 1e6),
    ...(milliseconds === null
      ? []
      : [milliseconds.toFixed(3), `${((100 * milliseconds) / Math.max(whole, 1e-9)).toFixed(1)}%`, rate(flops, milliseconds)]),
  ]);
  const timed = costs.some(({ milliseconds }) => milliseconds !== null);
  const header = [title, 'nodes', 'MFLOP', 'MB', ...(timed ? ['ms', 'share', 'GFLOP/s'] : [])];
  const widths = header.map((text, column) => Math.max(text.length, ...rows.map((row) => row[column]!.length)));
  return [header, ...rows]
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '))
    .join('\n');
}

function scaled(value: number, unit: number): string {
  return value >= 100 * unit ? (value / unit).toFixed(0) : String(Number((value / unit).toPrecision(3)));
}

function rate(flops: number, milliseconds: number): string {
  return milliseconds === 0 ? '' : (flops / milliseconds / 1e6).toFixed(1);
}
