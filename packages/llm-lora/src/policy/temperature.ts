/** Beyond these the distribution of float32 logits is the greedy token, or even: nothing changes but for products that overflow. */
const MOST = 2 ** 64;

/**
 * The number that hidden states are multiplied by before they meet the head, [] float32. It is kept within 2^-64 and 2^64, powers
 * of two, so that at the bounds logits are scaled without rounding: their order, and what is equal among them, stay as they are.
 * @param temperature above 0
 */
export function inverseTemperatureOf(temperature: number): Float32Array {
  return Float32Array.of(Math.min(Math.max(1 / temperature, 1 / MOST), MOST));
}
