import type { Rng } from '@expctr/core';
import type { LoraConfig } from '../formats/adapter.js';
import type { FloatTensor } from '../formats/host-tensor.js';
import type { LlamaConfig } from '../formats/llama-config.js';
import type { DecoderArchitecture } from '../model/decoder.js';
import { LINEAR_MODULES, modulePath, type LinearModule } from '../model/parameters.js';
import { PolicyError } from '../policy/errors.js';
import type { LoraLayer, LoraTree } from './lora-tree.js';

/** The adapted layers of a block. @throws {@link PolicyError} for a name that no block has, or for none at all */
export function targetModules({ targetModules: names }: LoraConfig): LinearModule[] {
  const unknown = names.filter((name) => !LINEAR_MODULES.includes(name as LinearModule));
  if (unknown.length > 0 || names.length === 0) {
    throw new PolicyError('POLICY_OPTION', unknown.length > 0 ? `no layer is called ${unknown.join(', ')}` : 'no layer is named', {
      where: 'lora.targetModules',
      expected: `some of ${LINEAR_MODULES.join(', ')}`,
    });
  }
  return LINEAR_MODULES.filter((module) => names.includes(module));
}

/**
 * A fresh adapter as PEFT begins one: A from kaiming_uniform(a = sqrt(5)), that is uniform in +-1 / sqrt(in), and B zero, so
 * that the model is unchanged.
 */
export function initializeLora(architecture: DecoderArchitecture, config: LlamaConfig, lora: LoraConfig, rng: Rng): LoraTree<FloatTensor> {
  const modules = targetModules(lora);
  return Array.from({ length: config.layers }, (_, layer) => {
    const pairs = modules.map((module) => {
      const size = architecture.linearShape(config, module);
      const stream = rng.fork('lora', modulePath(layer, module));
      const bound = 1 / Math.sqrt(size.in);
      const a = tensor([lora.rank, size.in]);
      for (let i = 0; i < a.data.length; i += 1) a.data[i] = (2 * stream.next() - 1) * bound;
      return [module, { a, b: tensor([size.out, lora.rank]) }] as const;
    });
    return Object.fromEntries(pairs);
  });
}

/** An adapter of the same shape whose B is zero: the base model, through the same graph. */
export function zeroLora(tree: LoraTree<FloatTensor>): LoraTree<FloatTensor> {
  return tree.map(
    (layer) =>
      Object.fromEntries(
        Object.entries(layer).map(([module, { a, b }]) => [module, { a, b: tensor(b.shape) }]),
      ) as unknown as LoraLayer<FloatTensor>,
  );
}

function tensor(shape: readonly number[]): FloatTensor {
  return { data: new Float32Array(shape.reduce((size, dimension) => size * dimension, 1)), shape, dtype: 'float32' };
}
