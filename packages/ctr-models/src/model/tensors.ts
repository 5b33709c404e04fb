import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import { parameterLeaves } from './parameters.js';
import type { ModelState } from './predictor.js';

/** All numbers of a model by name, in place: parameters as `parameters.<path>`, tables as `tables.<name>`. */
export function modelTensors({ parameters, tables }: Pick<ModelState, 'parameters' | 'tables'>): Map<string, HostTensor> {
  const tensors = new Map<string, HostTensor>();
  for (const { path, tensor } of parameterLeaves(parameters)) tensors.set(`parameters.${path}`, tensor);
  for (const { name, rows, width, values } of tables)
    tensors.set(`tables.${name}`, { data: values, shape: [rows, width], dtype: 'float32' });
  return tensors;
}
