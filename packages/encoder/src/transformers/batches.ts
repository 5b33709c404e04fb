/**
 * Cuts texts into batches of similar length: longest first (so that memory is claimed once), each batch padded to its longest
 * text only and holding at most `batchTokens` tokens with padding, but at least one text.
 *
 * @param lengths tokens of each text
 * @returns positions in `lengths`, batch by batch
 */
export function batchesByLength(lengths: ArrayLike<number>, batchTokens: number): number[][] {
  const order = Array.from({ length: lengths.length }, (_, at) => at).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const batches: number[][] = [];
  let batch: number[] = [];
  let longest = 0;
  for (const at of order) {
    if (batch.length === 0 || (batch.length + 1) * longest > batchTokens) {
      batch = [];
      batches.push(batch);
      longest = lengths[at]!;
    }
    batch.push(at);
  }
  return batches;
}
