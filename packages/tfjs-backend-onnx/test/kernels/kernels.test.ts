import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { onnxBackend } from '../../src/backend.js';
import { compile, specOf, useOnnx, type HostTensor } from '../../src/index.js';
import { lowerings, type LoweredKernel } from '../../src/lowerings/index.js';
import { complexCases } from './complex-cases.js';
import { elementwiseCases } from './elementwise-cases.js';
import { imageCases } from './image-cases.js';
import type { KernelCase } from './kernel-case.js';
import { structuralCases } from './structural-cases.js';

/** The type wants a case for each lowering; a lowering without one does not compile. */
const cases: { readonly [K in LoweredKernel]: readonly KernelCase[] } = {
  ...elementwiseCases,
  ...structuralCases,
  ...imageCases,
  ...complexCases,
};

beforeAll(() => useOnnx());

test('every lowering has a case, and every case a lowering', () => {
  const lowered = Object.entries<{ kind: string }>(lowerings).flatMap(([kernel, entry]) => (entry.kind === 'refusal' ? [] : [kernel]));
  expect(Object.keys(cases).sort()).toEqual(lowered.sort());
  for (const list of Object.values<readonly KernelCase[]>(cases)) expect(list.length).toBeGreaterThan(0);
});

const listOf = (result: tf.Tensor | readonly tf.Tensor[]): readonly tf.Tensor[] => (result instanceof tf.Tensor ? [result] : result);

/** Kernels whose results are integers or bools: tfjs registers gradients for them, which are zero. */
const NOT_SMOOTH = new Set(['FloorDiv', 'GreaterEqual', 'IsNan', 'IsInf', 'IsFinite', 'ArgMax', 'ArgMin']);

/** Gradients of a weighted sum of all float results, with weights that differ by element. */
function gradients(run: KernelCase['run'], inputs: tf.Tensor[]): tf.Tensor[] {
  const trained = inputs.flatMap((input, i) => (input.dtype === 'float32' ? [i] : []));
  const total = (...leaves: tf.Tensor[]): tf.Scalar => {
    const outputs = listOf(run(...inputs.map((input, i) => leaves[trained.indexOf(i)] ?? input))).filter(
      ({ dtype }) => dtype === 'float32',
    );
    return outputs
      .map((y) => tf.sum(tf.mul(y, tf.reshape(tf.linspace(0.3, 1.7, y.size), y.shape))))
      .reduce((a, b) => tf.add(a, b)) as tf.Scalar;
  };
  return tf.grads(total)(trained.map((i) => inputs[i]!));
}

async function onBackend(
  backend: string,
  fn: (...inputs: tf.Tensor[]) => readonly tf.Tensor[],
  inputs: readonly HostTensor[],
): Promise<HostTensor[]> {
  await tf.setBackend(backend);
  try {
    const compiled = await compile(fn, inputs.map(specOf), { name: 'kernel', threads: 1 });
    const outputs = await compiled.run(inputs);
    await compiled.dispose();
    return outputs;
  } finally {
    await tf.setBackend('onnx');
  }
}

function expectClose(actual: readonly HostTensor[], expected: readonly HostTensor[], tolerance: number): void {
  expect(actual.map(({ shape, dtype }) => ({ shape: [...shape], dtype }))).toEqual(
    expected.map(({ shape, dtype }) => ({ shape: [...shape], dtype })),
  );
  expected.forEach(({ data }, i) => {
    const scale = Math.max(
      0.05,
      ...Array.from(data as Float32Array)
        .filter(Number.isFinite)
        .map(Math.abs),
    );
    data.forEach((each, k) => {
      const got = actual[i]!.data[k]!;
      if (Number.isFinite(each))
        expect(Math.abs(got - each), `output ${i}[${k}]: ${got}, expected ${each}`).toBeLessThanOrEqual(tolerance * scale);
      else expect(got).toBe(each);
    });
  });
}

for (const [kernelName, list] of Object.entries<readonly KernelCase[]>(cases)) {
  describe(kernelName, () => {
    list.forEach(({ inputs, run, expected, noGradient, tolerance = 2e-6 }, index) => {
      const shown = inputs.map(({ shape, dtype }) => `${dtype}[${shape.join(',')}]`).join(' ');

      test(`case ${index} (${shown}) computes what tfjs computes`, async () => {
        const seen = new Set<string>();
        const backend = onnxBackend();
        const record = backend.record.bind(backend);
        backend.record = (kernel, ...rest) => (seen.add(kernel), record(kernel, ...rest));
        const forward = (...tensors: tf.Tensor[]): readonly tf.Tensor[] => listOf(run(...tensors));
        const actual = await onBackend('onnx', forward, inputs).finally(() => (backend.record = record));
        expect([...seen]).toContain(kernelName);
        if (expected === undefined) expectClose(actual, await onBackend('cpu', forward, inputs), tolerance);
        else expected.forEach((row, i) => row.forEach((each, k) => expect(actual[i]!.data[k]).toBeCloseTo(each, 5)));
      });

      const differentiable =
        !NOT_SMOOTH.has(kernelName) &&
        tf.getGradient(kernelName) !== undefined &&
        expected === undefined &&
        noGradient === undefined &&
        inputs.some(({ dtype }) => dtype === 'float32');
      if (!differentiable) return;
      test(`case ${index} (${shown}) has the gradients that tfjs has`, async () => {
        const backward = (...tensors: tf.Tensor[]): tf.Tensor[] => gradients(run, tensors);
        expectClose(await onBackend('onnx', backward, inputs), await onBackend('cpu', backward, inputs), tolerance * 4);
      });
    });
  });
}
