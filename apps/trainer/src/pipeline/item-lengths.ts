import type { Interactions, ItemText } from '@expctr/data';

/** The first row of each of the `count` items that have most text, the longest first. */
export function rowsOfLongestItems({ item }: Pick<Interactions, 'item'>, textOf: (row: number) => ItemText, count: number): number[] {
  const firstRow = new Map<number, number>();
  item.forEach((code, row) => {
    if (!firstRow.has(code)) firstRow.set(code, row);
  });
  const lengths = Array.from(firstRow.values(), (row) => ({ row, length: lengthOf(textOf(row)) }));
  return lengths
    .sort((a, b) => b.length - a.length || a.row - b.row)
    .slice(0, count)
    .map(({ row }) => row);
}

function lengthOf({ title, attributes, numbers = {} }: ItemText): number {
  const parts = [title, ...Object.entries(attributes).flatMap(([name, values]) => [name, ...values]), ...Object.entries(numbers).flat()];
  return parts.reduce((sum, part) => sum + part.length, 0);
}
