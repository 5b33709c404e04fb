import type { Interval } from '../figures/interval.js';
import { html, type Html } from './html.js';

const width = 220;
const height = 22;
const margin = 8;

/** A common scale for the bars of one table. */
export interface BarScale {
  readonly low: number;
  readonly high: number;
  /** A value marked on every bar: 0.5 for AUCs, 0 for differences. */
  readonly mark: number;
}

/** A scale that holds all intervals, all points and the mark. */
export function barScale(rows: readonly { readonly point: number | null; readonly interval: Interval | null }[], mark: number): BarScale {
  const values = rows.flatMap(({ point, interval }) => [...(point === null ? [] : [point]), ...(interval ?? [])]);
  const low = Math.min(mark, ...values);
  const high = Math.max(mark, ...values);
  const pad = (high - low || 0.1) * 0.04;
  return { low: low - pad, high: high + pad, mark };
}

/** Point and interval as a dot on a bar. Says nothing for a point that is undefined. */
export function intervalBar(point: number | null, interval: Interval | null, scale: BarScale, tone: string): Html | null {
  if (point === null) return null;
  const at = (value: number): string => (margin + ((value - scale.low) / (scale.high - scale.low)) * (width - 2 * margin)).toFixed(1);
  const middle = height / 2;
  const [low, high] = interval ?? [point, point];
  return html`<svg class="bar ${tone}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true">
    <line class="mark" x1="${at(scale.mark)}" x2="${at(scale.mark)}" y1="1" y2="${height - 1}" />
    <line class="whisker" x1="${at(low)}" x2="${at(high)}" y1="${middle}" y2="${middle}" />
    <circle class="point" cx="${at(point)}" cy="${middle}" r="4.2" />
  </svg>`;
}
