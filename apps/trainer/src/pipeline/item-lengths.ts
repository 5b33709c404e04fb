import { formatItem, type Interactions, type ItemFormat, type ItemText } from '@expctr/data';

/** The first row of each of the `count` items whose texts are longest as a template writes them, the longest first. */
export function rowsOfLongestItems(
  { item }: Pick<Interactions, 'item'>,
  textOf: (row: number) => ItemText,
  format: ItemFormat,
  count: number,
): number[] {
  const firstRow = new Map<number, number>();
  item.forEach((code, row) => {
    if (!firstRow.has(code)) firstRow.set(code, row);
  });
  const lengths = Array.from(firstRow.values(), (row) => ({ row, length: formatItem(textOf(row), format, []).length }));
  return lengths
    .sort((a, b) => b.length - a.length || a.row - b.row)
    .slice(0, count)
    .map(({ row }) => row);
}
