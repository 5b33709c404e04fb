import * as tf from '@tensorflow/tfjs';

/** A tensor on the host, strings as UTF-8 bytes. */
export interface HostValues {
  readonly values: tf.BackendValues;
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
}

/** What is used of tfjs's cpu backend. */
interface CpuBackend extends tf.KernelBackend {
  firstUse?: boolean;
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: tf.BackendValues): tf.TensorInfo;
}

/** Runs tfjs's cpu kernel of the given name on values: the way for what no graph can hold. */
export function runOnHost(
  kernel: string,
  inputs: tf.NamedTensorInfoMap,
  attributes: tf.NamedAttrMap,
  read: (info: tf.TensorInfo) => tf.BackendValues,
): HostValues | HostValues[] {
  const cpu = tf.findBackend('cpu') as CpuBackend;
  // tfjs would advise to install a faster backend, which this one is
  cpu.firstUse = false;
  const moved: tf.TensorInfo[] = [];
  // some kernels take lists of tensors among their inputs
  const onCpu = (info: tf.TensorInfo | readonly tf.TensorInfo[] | undefined): unknown => {
    if (info === undefined) return undefined;
    if ('length' in info) return info.map(onCpu);
    const copy = cpu.makeTensorInfo(info.shape, info.dtype, read(info));
    moved.push(copy);
    return copy;
  };
  const named = Array.isArray(inputs)
    ? inputs.map(onCpu)
    : Object.fromEntries(Object.entries(inputs).map(([name, info]) => [name, onCpu(info)]));
  const result = tf.getKernel(kernel, 'cpu').kernelFunc({ inputs: named as tf.NamedTensorInfoMap, attrs: attributes, backend: cpu });
  const outputs = Array.isArray(result) ? result : [result];
  const values = outputs.map(({ dataId, shape, dtype }) => ({ values: cpu.readSync(dataId), shape, dtype }));
  for (const { dataId } of [...moved, ...outputs]) cpu.disposeData(dataId, true);
  return Array.isArray(result) ? values : values[0]!;
}
