import type { Adapter } from '../adapter.js';
import { FormatError } from '../errors.js';
import { sizeOf, strangeValue } from '../host-tensor.js';
import { isTarget } from './names.js';

/**
 * Checks that an adapter is whole and consistent, before it is saved and after it was loaded.
 * @throws FormatError `ADAPTER_WRONG_SHAPE`, `ADAPTER_NOT_FINITE`, `ADAPTER_WRONG_TARGETS`.
 */
export function checkAdapter({ config, tensors }: Adapter, where: string): void {
  const { rank, targetModules } = config;
  for (const [module, { a, b }] of tensors) {
    for (const [name, tensor, expected] of [
      ['lora_A', a, `[${rank}, in]`],
      ['lora_B', b, `[out, ${rank}]`],
    ] as const) {
      const ranked = tensor.shape.length === 2 && tensor.shape[name === 'lora_A' ? 0 : 1] === rank;
      if (ranked && tensor.data.length === sizeOf(tensor.shape)) continue;
      throw new FormatError('ADAPTER_WRONG_SHAPE', `${name} has shape [${tensor.shape.join(', ')}] and ${tensor.data.length} values`, {
        where: `${where}, module ${module}`,
        expected: `${expected}, for the rank is ${rank}`,
        remedy: 'check that adapter_config.json and the tensors belong together',
      });
    }
    for (const [name, tensor] of [
      ['lora_A', a],
      ['lora_B', b],
    ] as const) {
      const strange = strangeValue(tensor);
      if (strange === null) continue;
      throw new FormatError('ADAPTER_NOT_FINITE', `${name} holds ${strange}`, {
        where: `${where}, module ${module}`,
        expected: 'finite factors',
        remedy: 'use an earlier copy of the adapter, or train it again with a smaller learning rate',
      });
    }
    if (!targetModules.some((target) => isTarget(module, target))) {
      throw wrongTargets(where, `the module ${module} has factors but is no target`, targetModules);
    }
  }
  const idle = targetModules.find((target) => ![...tensors.keys()].some((module) => isTarget(module, target)));
  if (idle !== undefined) throw wrongTargets(where, `no module has factors for the target ${idle}`, targetModules);
}

function wrongTargets(where: string, what: string, targets: readonly string[]): FormatError {
  return new FormatError('ADAPTER_WRONG_TARGETS', what, {
    where,
    expected: `factors for exactly the target modules ${targets.join(', ')}`,
    remedy: 'check that adapter_config.json and the tensors belong together',
  });
}
