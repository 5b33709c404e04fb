// Reward by wall time, a line for each algorithm, as an SVG file.
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/** A line: what it is called, and its points. */
export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly seconds: number; readonly reward: number }[];
}

/** @returns the SVG */
export async function drawCurves(curves: readonly Curve[]): Promise<string> {
  const names = curves.map(({ name }) => name);
  const spec: TopLevelSpec = {
    width: 640,
    height: 360,
    background: 'white',
    config: { font: 'system-ui, sans-serif', view: { stroke: null } },
    data: { values: curves.flatMap(({ name, points }) => points.map((point) => ({ name, ...point }))) },
    mark: { type: 'line', strokeWidth: 2 },
    encoding: {
      x: { field: 'seconds', type: 'quantitative', title: 'seconds of updates', axis: { grid: false } },
      y: { field: 'reward', type: 'quantitative', title: 'mean reward', scale: { zero: false } },
      color: { field: 'name', type: 'nominal', title: null, scale: { domain: names, scheme: 'tableau20' } },
    },
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
