import type { Adapter, LoraConfig, LoraFactors } from '../adapter.js';
import { FormatError } from '../errors.js';
import { sizeOf, strangeValue, type FloatTensor } from '../host-tensor.js';
import { isNamed, loraModules } from './modules.js';

/** A tensor of a module: its name in PEFT, its values, and whether its shape is right with so many ranks. */
type Part = readonly [name: string, tensor: FloatTensor, expected: string, fits: (shape: readonly number[], rank: number) => boolean];

/**
 * Checks that an adapter is whole and consistent, before it is saved and after it was loaded.
 * @throws FormatError `ADAPTER_WRONG_SHAPE`, `ADAPTER_NOT_FINITE`, `ADAPTER_WRONG_TARGETS`, `ADAPTER_MISSING_TENSOR`, `ADAPTER_PATTERN`.
 */
export function checkAdapter({ config, tensors }: Adapter, where: string): void {
  const modules = loraModules(config, tensors.keys(), where);
  for (const [module, factors] of tensors) {
    const found = modules.get(module);
    if (found === undefined) throw wrongTargets(where, `the module ${module} has factors but is no target`, config);
    checkMagnitude(config, factors, `${where}, module ${module}`);
    for (const [name, tensor, expected, fits] of partsOf(factors)) {
      if (!fits(tensor.shape, found.rank) || tensor.data.length !== sizeOf(tensor.shape)) {
        throw new FormatError('ADAPTER_WRONG_SHAPE', `${name} has shape [${tensor.shape.join(', ')}] and ${tensor.data.length} values`, {
          where: `${where}, module ${module}`,
          expected: expected.replace('rank', `${found.rank}`).concat(`, for the rank is ${found.rank}`),
          remedy: 'check that adapter_config.json and the tensors belong together',
        });
      }
      const strange = strangeValue(tensor);
      if (strange === null) continue;
      throw new FormatError('ADAPTER_NOT_FINITE', `${name} holds ${strange}`, {
        where: `${where}, module ${module}`,
        expected: 'finite factors',
        remedy: 'use an earlier copy of the adapter, or train it again with a smaller learning rate',
      });
    }
  }
  if (tensors.size === 0) throw wrongTargets(where, 'it has no factors', config);
  const { targetModules, excludeModules = [] } = config;
  if (targetModules instanceof RegExp || excludeModules instanceof RegExp || excludeModules.length > 0) return;
  const idle = targetModules.find((target) => ![...tensors.keys()].some((module) => isNamed(module, target)));
  if (idle !== undefined) throw wrongTargets(where, `no module has factors for the target ${idle}`, config);
}

function partsOf({ a, b, magnitude }: LoraFactors): readonly Part[] {
  return [
    ['lora_A', a, '[rank, in]', (shape, rank) => shape.length === 2 && shape[0] === rank],
    ['lora_B', b, '[out, rank]', (shape, rank) => shape.length === 2 && shape[1] === rank],
    ...(magnitude === undefined
      ? []
      : [
          [
            'lora_magnitude_vector',
            magnitude,
            '[out]',
            (shape: readonly number[]) => shape.length === 1 && shape[0] === b.shape[0],
          ] as const,
        ]),
  ];
}

function checkMagnitude({ weightDecomposed = false }: LoraConfig, { magnitude }: LoraFactors, where: string): void {
  if ((magnitude !== undefined) === weightDecomposed) return;
  const remedy = 'check that adapter_config.json and the tensors belong together';
  throw weightDecomposed
    ? new FormatError('ADAPTER_MISSING_TENSOR', 'lora_magnitude_vector is missing', {
        where,
        expected: 'magnitudes, for use_dora is true',
        remedy,
      })
    : new FormatError('ADAPTER_UNSUPPORTED', 'it has a lora_magnitude_vector, and use_dora is false', {
        where,
        expected: 'magnitudes with use_dora alone',
        remedy,
      });
}

function wrongTargets(where: string, what: string, { targetModules }: LoraConfig): FormatError {
  const targets = targetModules instanceof RegExp ? String(targetModules) : targetModules.join(', ');
  return new FormatError('ADAPTER_WRONG_TARGETS', what, {
    where,
    expected: `factors for exactly the target modules ${targets}`,
    remedy: 'check that adapter_config.json and the tensors belong together',
  });
}
