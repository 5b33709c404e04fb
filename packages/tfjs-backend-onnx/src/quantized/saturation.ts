import { GraphBuilder } from '../builder.js';
import type { Value } from '../graph.js';
import { createSession } from '../session.js';
import { integerProduct, ZERO } from './integer-product.js';

let probed: Promise<boolean> | undefined;

/**
 * Whether products of uint8 and int8 are wrong on this processor. Some x86 kernels add pairs of products in 16 bits, where
 * 255 * 127 * 2 does not fit, and say nothing. Found out once, by the worst case compared with the integer that it should be.
 */
export function uint8TimesInt8Saturates(): Promise<boolean> {
  return (probed ??= probe());
}

/** Sizes that reach the blocked kernels and their remainders. */
const [ROWS, INNER, COLUMNS] = [5, 131, 35];

async function probe(): Promise<boolean> {
  const input = (name: string, shape: number[], dtype: Value['dtype']): Value => ({ shape, dtype, origin: { kind: 'input', name } });
  const [q, w, scales] = [input('q', [ROWS, INNER], 'uint8'), input('w', [INNER, COLUMNS], 'int8'), input('scales', [COLUMNS], 'float32')];
  const g = new GraphBuilder(() => '');
  const product = integerProduct(q, w, g.scalar(1), scales, 0, g);
  const graph = { name: 'saturation', inputs: [q, w, scales], outputs: [product] };
  const session = await createSession(graph, ['q', 'w', 'scales'], ['product'], {});
  try {
    const extremes = [new Uint8Array(ROWS * INNER).fill(255), new Int8Array(INNER * COLUMNS).fill(127), new Float32Array(COLUMNS).fill(1)];
    const [result] = await session.run(extremes);
    return !result!.data.every((value) => value === (255 - ZERO) * 127 * INNER);
  } finally {
    await session.dispose();
  }
}
