// Where the boxes of the picture stand: rows by level, and in each row the order in which lines cross least.
import type { PackageNode } from './packages.js';

/** Sizes in pixels. */
export const BOX = { width: 172, height: 50 } as const;
export const PICTURE = { row: 104, margin: 16 } as const;

/** Between neighbors of a row: at least, and at most. */
const GAP = { least: 14, most: 90 } as const;

/** The space that a line takes in a row that it only passes. */
const PASS = 26;

/** The middle of a box, or where a line passes a row. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Where everything stands. */
export interface Layout {
  /** Boxes by name. */
  readonly boxes: ReadonlyMap<string, Place>;
  /** Lines: the box above, the rows passed, the box below. */
  readonly lines: readonly (readonly Place[])[];
  readonly width: number;
  readonly height: number;
}

/** A line as the names of what it touches: boxes, and between them a place of its own in every row passed. */
type Route = readonly string[];

/** Orders the boxes, and draws the lines between them through rows that they pass. */
export function layOut(nodes: readonly PackageNode[]): Layout {
  const level = new Map(nodes.map((node) => [node.name, node.level]));
  const rows: string[][] = Array.from({ length: Math.max(...level.values()) + 1 }, () => []);
  for (const node of nodes) rows[node.level]!.push(node.name);
  const routes = nodes.flatMap(({ name, standsOn, level: top }) =>
    standsOn.map((below): Route => {
      const passed = [];
      for (let row = top - 1; row > level.get(below)!; row -= 1) {
        passed.push(`${name}>${below}@${row}`);
        rows[row]!.push(passed.at(-1)!);
      }
      return [name, ...passed, below];
    }),
  );
  const places = placesOf(improved(rows, routes));
  return {
    boxes: new Map(nodes.map(({ name }) => [name, places.get(name)!])),
    lines: routes.map((route) => route.map((name) => places.get(name)!)),
    width: widthOf(rows),
    height: 2 * PICTURE.margin + BOX.height + (rows.length - 1) * PICTURE.row,
  };
}

/** Moves one name at a time within its row for as long as the picture gets better. */
function improved(start: readonly string[][], routes: readonly Route[]): string[][] {
  let rows = start.map((row) => [...row]);
  let cost = costOf(rows, routes);
  for (let better = true; better;) {
    better = false;
    for (const [level, row] of rows.entries()) {
      for (const from of row.keys()) {
        for (const to of row.keys()) {
          const order = rows[level]!.toSpliced(from, 1).toSpliced(to, 0, rows[level]![from]!);
          const tried = rows.map((each, index) => (index === level ? order : each));
          const triedCost = costOf(tried, routes);
          if (triedCost >= cost - 1e-9) continue;
          [rows, cost, better] = [tried, triedCost, true];
        }
      }
    }
  }
  return rows;
}

const isPass = (name: string): boolean => name.includes('>');

const widthIn = (name: string): number => (isPass(name) ? PASS : BOX.width);
const taken = (row: readonly string[]): number => row.reduce((sum, name) => sum + widthIn(name), 0);

/** As wide as the fullest row. */
function widthOf(rows: readonly (readonly string[])[]): number {
  return 2 * PICTURE.margin + Math.max(...rows.map((row) => taken(row) + GAP.least * (row.length - 1)));
}

function placesOf(rows: readonly (readonly string[])[]): Map<string, Place> {
  const places = new Map<string, Place>();
  const width = widthOf(rows);
  for (const [level, row] of rows.entries()) {
    const gap = Math.min(GAP.most, (width - 2 * PICTURE.margin - taken(row)) / Math.max(1, row.length - 1));
    let x = (width - taken(row) - gap * (row.length - 1)) / 2;
    const y = PICTURE.margin + BOX.height / 2 + (rows.length - 1 - level) * PICTURE.row;
    for (const name of row) {
      places.set(name, { x: x + widthIn(name) / 2, y });
      x += widthIn(name) + gap;
    }
  }
  return places;
}

/** Crossings, and how far lines go to the side. */
function costOf(rows: readonly (readonly string[])[], routes: readonly Route[]): number {
  const places = placesOf(rows);
  const pieces = routes.flatMap((route) => route.slice(1).map((name, at) => ({ from: places.get(route[at]!)!, to: places.get(name)! })));
  let cost = 0;
  for (const [index, { from, to }] of pieces.entries()) {
    cost += ((from.x - to.x) / 100) ** 2;
    for (const other of pieces.slice(index + 1)) {
      if (other.from.y === from.y && (from.x - other.from.x) * (to.x - other.to.x) < 0) cost += 25;
    }
  }
  return cost;
}
