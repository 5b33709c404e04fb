import type { Rng } from '@expctr/core';
import type { FloatTensor } from '../formats/host-tensor.js';
import type { LoraModule } from '../formats/peft/modules.js';
import type { LoraPair, LoraSites, LoraTree } from './lora-tree.js';

/** Lengths of the rows of a block's matrix, [out]: where DoRA's magnitudes begin. */
export type RowNorms = (index: number, key: string) => Float32Array;

/**
 * A fresh adapter as PEFT begins one: A from kaiming_uniform(a = sqrt(5)), that is uniform in +-1 / sqrt(in), and B zero, so
 * that the model is unchanged.
 * @param modules which layers, with which ranks @param norms null for an adapter without magnitudes
 */
export function initializeLora(
  modules: ReadonlyMap<string, LoraModule>,
  sites: LoraSites,
  norms: RowNorms | null,
  rng: Rng,
): LoraTree<FloatTensor> {
  return Array.from({ length: sites.layers }, (_, index) => {
    const pairs = sites.linears.flatMap((linear) => {
      const path = sites.path(index, linear);
      const module = modules.get(path);
      if (module === undefined) return [];
      const stream = rng.fork('lora', path);
      const bound = 1 / Math.sqrt(linear.in);
      const a = tensor([module.rank, linear.in]);
      for (let i = 0; i < a.data.length; i += 1) a.data[i] = (2 * stream.next() - 1) * bound;
      const pair: LoraPair<FloatTensor> = { a, b: tensor([linear.out, module.rank]) };
      const magnitude = norms === null ? {} : { magnitude: { ...tensor([linear.out]), data: norms(index, linear.key).slice() } };
      return [[linear.key, { ...pair, ...magnitude }] as const];
    });
    return Object.fromEntries(pairs);
  });
}

/** An adapter of the same shape whose B is zero: the base model, through the same graph. */
export function zeroLora(tree: LoraTree<FloatTensor>): LoraTree<FloatTensor> {
  return tree.map((layer) => Object.fromEntries(Object.entries(layer).map(([key, { a, b }]) => [key, { a, b: tensor(b.shape) }])));
}

function tensor(shape: readonly number[]): FloatTensor {
  return { data: new Float32Array(shape.reduce((size, dimension) => size * dimension, 1)), shape, dtype: 'float32' };
}
