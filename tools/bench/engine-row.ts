// A line of the engine's benchmark.

/** What was measured, and its figures by name; one that is undefined is not shown. */
export interface Row {
  readonly label: string;
  readonly [figure: string]: string | number | undefined;
}

/** A row as text. */
export function rowText({ label, ...figures }: Row): string {
  const shown = Object.entries(figures).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [`${name} ${typeof value === 'string' ? value : value >= 100 ? value.toFixed(0) : String(+value.toFixed(3))}`];
  });
  return `${label.padEnd(28)} ${shown.join('  ')}`;
}
