import type { Adapter, LoraConfig } from '../formats/adapter.js';
import type { FloatTensor } from '../formats/host-tensor.js';
import { LINEAR_MODULES, modulePath, type LinearModule } from '../model/parameters.js';

/** The two factors of an adapted linear layer: `a` [rank, in], `b` [out, rank]. */
export type LoraPair<L> = { readonly a: L; readonly b: L };

/** The adapted layers of one block. */
export type LoraLayer<L> = { readonly [K in LinearModule]?: LoraPair<L> };

/** A LoRA adapter as a tree: one entry for each block. `L` is a tfjs tensor while traced, a host tensor outside, or a spec. */
export type LoraTree<L> = readonly LoraLayer<L>[];

/** The adapter's factors by block and layer. The arrays are shared, not copied. */
export function loraTree({ tensors }: Adapter, layers: number): LoraTree<FloatTensor> {
  return Array.from({ length: layers }, (_, layer) => {
    const pairs = LINEAR_MODULES.flatMap((module) => {
      const pair = tensors.get(modulePath(layer, module));
      return pair === undefined ? [] : [[module, { a: pair.a, b: pair.b }] as const];
    });
    return Object.fromEntries(pairs);
  });
}

/** The inverse of {@link loraTree}. */
export function adapterOf(config: LoraConfig, tree: LoraTree<FloatTensor>): Adapter {
  const tensors = new Map<string, LoraPair<FloatTensor>>();
  tree.forEach((layer, index) => {
    for (const [module, pair] of Object.entries(layer)) tensors.set(modulePath(index, module as LinearModule), pair);
  });
  return { config, tensors };
}
