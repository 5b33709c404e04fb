import { adapterPath, linearLayers, namedTensors, type LinearLayer, type TensorLayout } from '../families/layout.js';
import type { Adapter, LoraConfig } from '../formats/adapter.js';
import type { FloatTensor } from '../formats/host-tensor.js';

/** What is trained of an adapted linear layer: `a` [rank, in], `b` [out, rank], and with DoRA `magnitude` [out]. */
export type LoraPair<L> = { readonly a: L; readonly b: L; readonly magnitude?: L };

/** The adapted layers of one block, by their names in the family's code. */
export type LoraLayer<L> = { readonly [key: string]: LoraPair<L> };

/** A LoRA adapter as a tree: one entry for each block. `L` is a tfjs tensor while traced, a host tensor outside, or a spec. */
export type LoraTree<L> = readonly LoraLayer<L>[];

/** The linear layers of a model that adapters can be on: what a LoRA tree is made of. */
export interface LoraSites {
  /** Number of blocks. */
  readonly layers: number;
  /** The linear layers of each block. */
  readonly linears: readonly LinearLayer[];
  /** Whether Hugging Face's files hold their matrices as [in, out] (`fan_in_fan_out`). */
  readonly transposed: boolean;
  /** The name that adapters have for a linear layer of a block. */
  readonly path: (index: number, linear: LinearLayer) => string;
  /** Hugging Face's names of all modules with weights, those of linear layers among them. */
  readonly modules: readonly string[];
}

/** The sites of a model with so many blocks. */
export function loraSites(layout: TensorLayout, layers: number): LoraSites {
  return {
    layers,
    linears: linearLayers(layout),
    transposed: Object.values(layout.linears).some(({ transposed = false }) => transposed),
    path: (index, linear) => adapterPath(layout, index, linear),
    modules: [...new Set(namedTensors(layout, layers).map(({ name }) => name.replace(/\.(?:weight|bias)$/, '')))],
  };
}

/** The paths of all sites, block by block. */
export function sitePaths({ layers, linears, path }: LoraSites): string[] {
  return Array.from({ length: layers }, (_, index) => linears.map((linear) => path(index, linear))).flat();
}

/** The adapter's factors by block and layer. The arrays are shared, not copied. */
export function loraTree({ tensors }: Adapter, { layers, linears, path }: LoraSites): LoraTree<FloatTensor> {
  return Array.from({ length: layers }, (_, index) => {
    const pairs = linears.flatMap((linear) => {
      const pair = tensors.get(path(index, linear));
      if (pair === undefined) return [];
      const { a, b, magnitude } = pair;
      return [[linear.key, { a, b, ...(magnitude === undefined ? {} : { magnitude }) }] as const];
    });
    return Object.fromEntries(pairs);
  });
}

/** The inverse of {@link loraTree}. */
export function adapterOf(config: LoraConfig, tree: LoraTree<FloatTensor>, { linears, path }: LoraSites): Adapter {
  const tensors = new Map<string, LoraPair<FloatTensor>>();
  tree.forEach((layer, index) => {
    for (const linear of linears) {
      const pair = layer[linear.key];
      if (pair !== undefined) tensors.set(path(index, linear), pair);
    }
  });
  return { config, tensors };
}
