/** What a component is brought to mean 0 and deviation 1 within before it is weighted: nothing, the batch, or the completions of a prompt. */
export type Normalization = 'none' | 'batch' | 'group';

/** Every normalization, the default first. */
export const normalizations = ['none', 'batch', 'group'] as const satisfies readonly Normalization[];

/** Added to a deviation before it divides, as trl does: what differs by less than this is noise, and is not blown up to 1. */
const SMALLEST = 1e-4;

/**
 * (value - mean) / (deviation + 1e-4), mean and sample deviation (n - 1) over the rows of `within` to which the reward applies. So rewards
 * of different scales weigh what their weights say, not what their spreads happen to be (GDPO, arXiv 2601.05242, where `group`). A row
 * that is alone, and rows that are all alike, become 0; null stays null.
 *
 * @param prompt [rows] which prompt each row completes
 */
export function normalize(
  values: readonly (number | null)[],
  within: Normalization,
  { prompt }: { readonly prompt: ArrayLike<number> },
): (number | null)[] {
  if (within === 'none') return values.slice();
  const groups = new Map<number, number[]>();
  values.forEach((value, row) => {
    if (value === null) return;
    const key = within === 'batch' ? 0 : prompt[row]!;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  });
  const found = values.slice();
  for (const rows of groups.values()) {
    const own = rows.map((row) => values[row]!);
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    const squares = own.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const deviation = own.length < 2 ? 0 : Math.sqrt(squares / (own.length - 1));
    rows.forEach((row, at) => (found[row] = deviation === 0 ? 0 : (own[at]! - mean) / (deviation + SMALLEST)));
  }
  return found;
}
