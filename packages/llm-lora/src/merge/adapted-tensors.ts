import { tensorsOfBlocks, type NamedTensor } from '../families/layout.js';
import type { Adapter } from '../formats/adapter.js';
import type { ModelDescription } from '../formats/config-file.js';
import { FormatError } from '../formats/errors.js';
import { sameShape } from '../formats/host-tensor.js';
import { checkAdapter } from '../formats/peft/check.js';
import { loraModules } from '../formats/peft/modules.js';
import { modulePath } from '../formats/peft/names.js';
import type { ScaledFactors } from './merge-matrix.js';

/** A matrix of a model and the factors that an adapter has for it. */
export interface AdaptedTensor extends ScaledFactors {
  /** The matrix, [out, in]. */
  readonly tensor: NamedTensor;
}

/**
 * The matrices of a model that an adapter is on, by Hugging Face's names.
 * @param model what the model is called in errors @param where what the adapter is called
 * @throws FormatError `ADAPTER_UNKNOWN_MODULE`, `ADAPTER_WRONG_SHAPE` where it does not fit the model, and as `loadAdapter`
 */
export function adaptedTensors(
  adapter: Adapter,
  { family, config }: Pick<ModelDescription, 'family' | 'config'>,
  model: string,
  where: string,
): Map<string, AdaptedTensor> {
  checkAdapter(adapter, where);
  const layout = family.layout(config);
  const linear = new Map(tensorsOfBlocks(layout, layout.linears, config.layers).map((tensor) => [moduleOf(tensor.name), tensor]));
  const modules = loraModules(adapter.config, adapter.tensors.keys(), where);
  const found = new Map<string, AdaptedTensor>();
  for (const [module, factors] of adapter.tensors) {
    const tensor = linear.get(module);
    if (tensor === undefined) {
      throw new FormatError('ADAPTER_UNKNOWN_MODULE', `the model has no linear layer ${module}`, {
        where,
        expected: 'modules of this model, such as layers.0.self_attn.q_proj',
        remedy: `check that the adapter belongs to ${model}`,
      });
    }
    const shape = [factors.b.shape[0] ?? 0, factors.a.shape[1] ?? 0];
    if (!sameShape(shape, tensor.shape)) {
      throw new FormatError('ADAPTER_WRONG_SHAPE', `its factors make a matrix of shape [${shape.join(', ')}]`, {
        where: `${where}, module ${module}`,
        expected: `[${tensor.shape.join(', ')}], as in the model`,
        remedy: `check that the adapter belongs to ${model}`,
      });
    }
    found.set(tensor.name, { tensor, factors, scale: modules.get(module)!.scale });
  }
  return found;
}

const moduleOf = (name: string): string => modulePath(name.replace(/\.weight$/, ''));
