import type { Rng } from '@expctr/core';
import type { LoraConfig } from '../formats/adapter.js';
import type { FloatTensor } from '../formats/host-tensor.js';
import { isTarget } from '../formats/peft/names.js';
import { PolicyError } from '../policy/errors.js';
import type { LoraSites, LoraTree } from './lora-tree.js';

/** @throws {@link PolicyError} for a name that no layer of the model has, or for none at all */
export function checkTargets({ targetModules: names }: LoraConfig, sites: LoraSites): void {
  const { layers, linears } = sites;
  const paths = Array.from({ length: layers }, (_, index) => linears.map((linear) => sites.path(index, linear))).flat();
  const unknown = names.filter((name) => !paths.some((path) => isTarget(path, name)));
  if (unknown.length === 0 && names.length > 0) return;
  const known = new Set(linears.map(({ module }) => module.split('.').at(-1)));
  throw new PolicyError('POLICY_OPTION', unknown.length > 0 ? `no layer is called ${unknown.join(', ')}` : 'no layer is named', {
    where: 'lora.targetModules',
    expected: `some of ${[...known].join(', ')}`,
  });
}

/**
 * A fresh adapter as PEFT begins one: A from kaiming_uniform(a = sqrt(5)), that is uniform in +-1 / sqrt(in), and B zero, so
 * that the model is unchanged.
 */
export function initializeLora(lora: LoraConfig, sites: LoraSites, rng: Rng): LoraTree<FloatTensor> {
  return Array.from({ length: sites.layers }, (_, index) => {
    const pairs = sites.linears.flatMap((linear) => {
      const path = sites.path(index, linear);
      if (!lora.targetModules.some((name) => isTarget(path, name))) return [];
      const stream = rng.fork('lora', path);
      const bound = 1 / Math.sqrt(linear.in);
      const a = tensor([lora.rank, linear.in]);
      for (let i = 0; i < a.data.length; i += 1) a.data[i] = (2 * stream.next() - 1) * bound;
      return [[linear.key, { a, b: tensor([linear.out, lora.rank]) }] as const];
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
