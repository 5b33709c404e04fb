import * as tf from '@tensorflow/tfjs';
import type { CompiledFunction, NamedSpec } from './compiled-function.js';
import { CompiledFunctionError } from './errors.js';
import { callWith, type CompileRequest } from './request.js';
import { fromFloat16 } from './quantized/float16.js';
import { resultLeaves } from './results.js';
import { isConstant, shapeOf, type DType, type HostArray, type HostTensor } from './tensors.js';
import { mapTree, mapTreeWithPath, unflattenTree } from './tree.js';

/** The same program without a trace: each run calls the function inside `tf.tidy` on the given tfjs backend. */
export function eagerFunction(request: CompileRequest, backend: string): CompiledFunction {
  const { name, specs, signature } = request;
  const { leaves } = signature;
  const constants = leaves.map(({ spec }) => (isConstant(spec) ? withBackend(backend, () => tf.keep(toTensor(spec.constant))) : undefined));
  let outputs: readonly NamedSpec[] = [];
  let disposed = false;

  async function run(inputs: readonly unknown[]): Promise<unknown> {
    if (disposed) throw new CompiledFunctionError('COMPILED_DISPOSED', 'run was called after dispose', { where: name });
    const arrays = signature.bind(inputs);
    const result = withBackend(backend, () =>
      tf.tidy(() => {
        let next = 0;
        const tensors = leaves.map(({ spec }, i) => {
          if (constants[i] !== undefined) return constants[i];
          const data = arrays[next++]!;
          return toTensor({ data, shape: shapeOf(spec, data.length)!, dtype: spec.dtype });
        });
        const given = unflattenTree<unknown>(specs, tensors) as readonly unknown[];
        const tree = callWith(request, given);
        const results = resultLeaves(name, tree);
        let leaf = 0;
        return {
          paths: results.map(({ path }) => path),
          structure: mapTreeWithPath(tree, () => leaf++) as never,
          // a constant or an input that is returned as it came must outlive this scope on its own
          tensors: results.map(({ tensor }) => tensor.clone()),
        };
      }),
    );
    const hosts = await Promise.all(result.tensors.map((tensor) => toHost(tensor, arrays)));
    result.tensors.forEach((tensor) => tensor.dispose());
    outputs = hosts.map(({ shape, dtype }, i) => ({ name: result.paths[i]!, shape, dtype }));
    return mapTree<unknown, [number], unknown>(result.structure, (leaf) => hosts[leaf]);
  }

  return {
    name,
    backend,
    inputs: leaves.flatMap(({ path, spec }) => (isConstant(spec) ? [] : [{ name: path, shape: spec.shape, dtype: spec.dtype }])),
    get outputs() {
      return outputs;
    },
    stats: { nodes: 0, tracedNodes: 0, bytes: 0, traceMilliseconds: 0, sessionMilliseconds: 0 },
    run,
    save: () =>
      Promise.reject(
        new CompiledFunctionError('COMPILED_EAGER_SAVE', `it runs eagerly on tfjs's ${backend} backend, so there is no graph to write`, {
          where: name,
          remedy: 'call useOnnx() before compile',
        }),
      ),
    dispose() {
      disposed = true;
      constants.forEach((tensor) => tensor?.dispose());
      return Promise.resolve();
    },
  };
}

/** Runs `work` with a tfjs backend active and puts the previous one back, also after an error. Both must be initialized. */
export function withBackend<T>(backend: string, work: () => T): T {
  const previous = tf.getBackend();
  if (previous === backend) return work();
  // setBackend is async by type only: for an initialized backend it is done when it returns
  void tf.engine().setBackend(backend);
  try {
    return work();
  } finally {
    void tf.engine().setBackend(previous);
  }
}

/** What tfjs has no type for becomes the next larger type that it has. */
function toTensor({ data, shape, dtype }: HostTensor): tf.Tensor {
  if (dtype === 'float16') return tf.tensor(fromFloat16(data as Uint16Array), [...shape], 'float32');
  if (dtype === 'int8' || dtype === 'uint8') return tf.tensor(Int32Array.from(data), [...shape], 'int32');
  return tf.tensor(data, [...shape], dtype);
}

async function toHost(tensor: tf.Tensor, inputs: readonly HostArray[]): Promise<HostTensor> {
  const data: unknown = await tensor.data();
  const values = data as HostArray;
  return { data: inputs.includes(values) ? values.slice() : values, shape: tensor.shape, dtype: tensor.dtype as DType };
}
