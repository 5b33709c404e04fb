import { namedLeaves, specOf, unflattenTree, type HostTensor, type SpecsOf } from '@expctr/tfjs-backend-onnx';
import type { HostParameters, ParameterTree } from '../backbones/backbone.js';

/** A backbone's parameters in order, with their paths. */
export function parameterLeaves(parameters: HostParameters<ParameterTree>): { readonly path: string; readonly tensor: HostTensor }[] {
  return namedLeaves(parameters).map(({ path, leaf }) => ({ path, tensor: leaf as HostTensor }));
}

/** The specs of a backbone's parameters, as `compile` takes them. */
export function parameterSpecs(parameters: HostParameters<ParameterTree>): SpecsOf<ParameterTree> {
  const specs = parameterLeaves(parameters).map(({ tensor }) => specOf(tensor));
  return unflattenTree<unknown>(parameters, specs) as SpecsOf<ParameterTree>;
}
