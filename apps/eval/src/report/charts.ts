import { Error as errorsOnly, logger, parse, resetSVGDefIds, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { trusted, type Html } from './html.js';

/** One point of a line. */
export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  /** Which line it belongs to; lines of one name share a color, in the order of first appearance. */
  readonly line: string;
}

/** What {@link lineChart} draws. */
export interface LineChart {
  readonly points: readonly ChartPoint[];
  readonly x: string;
  readonly y: string;
  /** Lines that are drawn dashed, for comparison. */
  readonly dashed?: readonly string[];
  /** Lines whose single points are shown pale behind a moving average. */
  readonly smoothed?: boolean;
  /** Whether x is drawn by its logarithm. */
  readonly logarithmic?: boolean;
  /** Whether x is a share, with ticks between 0 and 1; else ticks are whole numbers. */
  readonly shares?: boolean;
  /** Whether every point is marked; without it only those of lines that are too short to be seen. */
  readonly dots?: boolean;
  readonly width?: number;
  readonly height?: number;
}

const colors = ['#2f5d8a', '#c8553d', '#4c8c5a', '#8a5a9e', '#b8860b', '#3f8f8f', '#a23b72', '#6b6b6b', '#7a9e2f', '#d08c60', '#5a6fb0'];
const ink = '#5c6470';

/** Lets the charts of a page have the same internal names however many were drawn before: the page follows from the run alone. */
export function beginPage(): void {
  resetSVGDefIds();
}

/** A line chart as inline SVG, rendered here: no script, no canvas, no network. */
export async function lineChart({
  points,
  x,
  y,
  dashed = [],
  smoothed = false,
  logarithmic = false,
  shares = false,
  dots = false,
  width = 400,
  height = 190,
}: LineChart): Promise<Html> {
  const lines = [...new Set(points.map(({ line }) => line))];
  const legend = lines.length < 2 ? null : ({ title: null, orient: 'bottom', columns: 3, labelLimit: 220, symbolOpacity: 1 } as const);
  const color = {
    field: 'line',
    type: 'nominal',
    scale: { domain: lines, range: lines.map((_, at) => colors[at % colors.length] ?? ink) },
    legend,
  } as const;
  const xEncoding = {
    field: 'x',
    type: 'quantitative',
    title: x,
    axis: {
      ...(shares ? {} : { tickMinStep: 1 }),
      grid: false,
      ...(logarithmic ? { values: [...new Set(points.map((point) => point.x))] } : {}),
    },
    scale: { nice: false, type: logarithmic ? 'log' : 'linear' },
  } as const;
  const yEncoding = { field: 'y', type: 'quantitative', title: y, scale: { zero: false } } as const;
  const dash = {
    field: 'line',
    type: 'nominal',
    scale: { domain: lines, range: lines.map((line) => (dashed.includes(line) ? [5, 4] : [1, 0])) },
    legend,
  } as const;
  const averaged = smoothed ? movingAverage(points) : points;
  const spec: TopLevelSpec = {
    width,
    height,
    background: 'transparent',
    padding: 4,
    config: {
      font: 'system-ui, sans-serif',
      view: { stroke: null },
      axis: {
        labelColor: ink,
        titleColor: ink,
        titleFontWeight: 'normal',
        domainColor: '#c9ced6',
        tickColor: '#c9ced6',
        gridColor: '#eceff3',
        labelFontSize: 11,
        titleFontSize: 11.5,
        tickCount: 5,
      },
      legend: { labelColor: ink, labelFontSize: 11, symbolStrokeWidth: 2.5, symbolType: 'stroke' },
    },
    layer: [
      ...(smoothed
        ? [
            {
              data: { values: points as ChartPoint[] },
              mark: { type: 'line', opacity: 0.22, strokeWidth: 1, clip: true },
              encoding: { x: xEncoding, y: yEncoding, color },
            } as const,
          ]
        : []),
      {
        data: { values: averaged as ChartPoint[] },
        mark: { type: 'line', strokeWidth: 2, clip: true, point: dots || averaged.length <= 2 * lines.length },
        encoding: { x: xEncoding, y: yEncoding, color, strokeDash: dash },
      },
    ],
  };
  const view = new View(parse(compile(spec, { logger: logger(errorsOnly) }).spec), { renderer: 'none', logLevel: errorsOnly });
  try {
    return trusted(await view.toSVG());
  } finally {
    view.finalize();
  }
}

/** Centered moving average over a twentieth of the line (at least three points). */
function movingAverage(points: readonly ChartPoint[]): ChartPoint[] {
  return [...new Set(points.map(({ line }) => line))].flatMap((line) => {
    const own = points.filter((point) => point.line === line);
    const half = Math.max(1, Math.round(own.length / 40));
    return own.map((point, at) => {
      const window = own.slice(Math.max(0, at - half), at + half + 1);
      return { ...point, y: window.reduce((sum, { y }) => sum + y, 0) / window.length };
    });
  });
}
