import { requireLength } from './errors.js';

/**
 * Pearson's correlation of two rewards among the completions of a prompt: of their deviations from their means within each prompt, pooled,
 * over rows to which both apply. This is what policy optimization sees: at 1 two rewards ask for the same, below 0 one undoes what the
 * other asks for. Null where a reward does not differ within any prompt.
 *
 * @param a [rows] rewards, null = does not apply
 * @param b [rows] another reward of the same rows
 * @throws {RewardError} `REWARD_LENGTH_MISMATCH`
 */
export function withinPromptCorrelation(
  a: ArrayLike<number | null>,
  b: ArrayLike<number | null>,
  { prompt }: { readonly prompt: ArrayLike<number> },
): number | null {
  requireLength('b', b, a.length);
  requireLength('prompt', prompt, a.length);
  const groups = new Map<number, [number, number][]>();
  for (let row = 0; row < a.length; row += 1) {
    const [x, y] = [a[row] ?? null, b[row] ?? null];
    if (x === null || y === null) continue;
    const group = groups.get(prompt[row]!);
    if (group === undefined) groups.set(prompt[row]!, [[x, y]]);
    else group.push([x, y]);
  }
  let [xx, yy, xy] = [0, 0, 0];
  for (const group of groups.values()) {
    const [meanX, meanY] = [0, 1].map((side) => group.reduce((sum, pair) => sum + pair[side]!, 0) / group.length);
    for (const [x, y] of group) {
      xx += (x - meanX!) ** 2;
      yy += (y - meanY!) ** 2;
      xy += (x - meanX!) * (y - meanY!);
    }
  }
  const scale = Math.sqrt(xx * yy);
  return scale === 0 ? null : Math.min(1, Math.max(-1, xy / scale));
}
