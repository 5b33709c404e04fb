import { createRng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  compile,
  constant,
  describe as describeGraph,
  frozenCombination,
  frozenMatMul,
  frozenRows,
  mapFrozen,
  quantize,
  quantizeTable,
  spec,
  specOf,
  tableByColumns,
  turnRows,
  useOnnx,
  valueAndGradWithAux,
  type CompiledFunction,
  type CompileOptions,
  type FrozenFormat,
  type FrozenMatrix,
  type FrozenTable,
  type HostFrozenMatrix,
  type HostTensor,
} from '../src/index.js';
import { fromFloat16, toFloat16 } from '../src/quantized/float16.js';

beforeAll(() => useOnnx());
afterEach(() => useOnnx());

const [rows, inner, out] = [9, 70, 33]; // neither a multiple of a block
const rng = createRng('quantized');
const normal = (shape: readonly number[]): HostTensor => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal()),
  shape,
  dtype: 'float32',
});
const [x, weight, direction] = [normal([rows, inner]), normal([out, inner]), normal([rows, out])];

const make = compile as unknown as (fn: unknown, specs: readonly unknown[], options?: CompileOptions) => Promise<CompiledFunction>;
type Results = { aux: HostTensor; grads: HostTensor };

/** y = x W^T and d <y, direction> / dx. */
const step = (input: tf.Tensor2D, along: tf.Tensor2D, matrix: FrozenMatrix<tf.Tensor>): unknown =>
  valueAndGradWithAux((wanted: tf.Tensor2D) => {
    const y = frozenMatMul(wanted, matrix);
    return { loss: tf.sum(tf.mul(y, along)), aux: y };
  })(input);

async function run(matrix: HostFrozenMatrix, input = x, leaf: (tensor: HostTensor) => unknown = specOf): Promise<Results> {
  const fn = await make(step, [specOf(input), specOf(direction), mapFrozen(matrix, leaf)]);
  const given = leaf === specOf ? matrix : undefined;
  const results = (await fn.run([input, direction, given])) as Results;
  await fn.dispose();
  return results;
}

/** The same with the rows of x as they are. */
const exactStep = (input: tf.Tensor2D, along: tf.Tensor2D, matrix: FrozenMatrix<tf.Tensor>): unknown =>
  valueAndGradWithAux((wanted: tf.Tensor2D) => {
    const y = frozenMatMul(wanted, matrix, { activations: 'float32' });
    return { loss: tf.sum(tf.mul(y, along)), aux: y };
  })(input);

/** Root mean square of the difference over that of the expected values. */
function relativeError(actual: HostTensor, expected: HostTensor): number {
  let [difference, size] = [0, 0];
  expected.data.forEach((value, i) => {
    difference += (actual.data[i]! - value) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(difference / size);
}

/** Bounds from the roundings: half a unit of 2^-11, of the largest of 70 / 127 (twice in the product), of the largest of 32 / 8. */
const bounds: Record<FrozenFormat, readonly [value: number, gradient: number]> = {
  float32: [1e-6, 1e-6],
  float16: [3e-4, 3e-4],
  int8: [0.012, 0.008],
  int4: [0.09, 0.09],
};

describe.each(['onnx', 'cpu'])('on the %s backend', (backend) => {
  test.each(Object.keys(bounds) as FrozenFormat[])(
    'a product by %s and its gradient are those of float32 within its rounding',
    async (format) => {
      await tf.setBackend(backend);
      const exact = await run({ float32: weight });
      const { aux, grads } = await run(await quantize(weight, format));
      const [value, gradient] = bounds[format];
      expect(relativeError(aux, exact.aux)).toBeLessThan(value);
      expect(relativeError(grads, exact.grads)).toBeLessThan(gradient);
      if (format !== 'float32') expect(relativeError(aux, exact.aux)).toBeGreaterThan(value / 10);
    },
  );

  test.each(['float16', 'int8', 'int4'] as const)(
    'with float32 beside %s the gradient is that of float32 to the last bit',
    async (format) => {
      await tf.setBackend(backend);
      const exact = await run({ float32: weight });
      const both = await run(await quantize(weight, format, { float32Backward: true }));
      const alone = await run(await quantize(weight, format));
      expect(both.grads.data).toEqual(exact.grads.data);
      expect(both.aux.data).toEqual(alone.aux.data);
    },
  );
});

describe.each(['onnx', 'cpu'])('with activations as they are, on the %s backend', (backend) => {
  test.each(['float16', 'int8', 'int4', 'rows'] as const)(
    '%s is the product by the values that it holds, in both directions',
    async (format) => {
      await tf.setBackend(backend);
      const matrix = format === 'rows' ? quantizeTable(weight, 'int8') : await quantize(weight, format);
      const held = await make((m: FrozenMatrix<tf.Tensor>) => frozenCombination(tf.eye(out), m, inner), [mapFrozen(matrix, specOf)]);
      const values = (await held.run([matrix])) as HostTensor;
      expect(relativeError(values, weight)).toBeLessThan(bounds[format === 'rows' ? 'int8' : format][1]);
      const fn = await make(exactStep, [specOf(x), specOf(direction), mapFrozen(matrix, specOf)]);
      const { aux, grads } = (await fn.run([x, direction, matrix])) as Results;
      const exact = await run({ float32: values });
      expect(relativeError(aux, exact.aux)).toBeLessThan(2e-6);
      expect(relativeError(grads, exact.grads)).toBeLessThan(2e-6);
      await Promise.all([held.dispose(), fn.dispose()]);
    },
  );

  test.each(['float32', 'float16', 'int8', 'int4'] as const)('rows of a table stored as %s are looked up', async (format) => {
    await tf.setBackend(backend);
    const table = quantizeTable(weight, format);
    const indices = Int32Array.of(32, 0, 7, 7);
    const fn = await make(
      (m: FrozenTable<tf.Tensor>, at: tf.Tensor1D) => frozenRows(m, at),
      [mapFrozen(table, specOf), spec([4], 'int32')],
    );
    const got = (await fn.run([table, indices])) as HostTensor;
    const wanted = indices.reduce<number[]>((all, row) => [...all, ...weight.data.slice(row * inner, (row + 1) * inner)], []);
    expect(relativeError(got, { ...got, data: Float32Array.from(wanted) })).toBeLessThan(bounds[format === 'int4' ? 'int8' : format][1]);
    await fn.dispose();
  });
});

test('the values of a matrix stored small are made once for each direction, and not kept from one to the other', async () => {
  const matrix = await quantize(weight, 'int8');
  const fn = await make(exactStep, [specOf(x), specOf(direction), mapFrozen(matrix, specOf)]);
  const counts = Object.fromEntries((await describeGraph(fn)).operators.map(({ name, nodes }) => [name, nodes]));
  expect(counts['DequantizeLinear']).toBe(2);
  await fn.dispose();
});

test('the reference in tfjs and the graph compute the same, for each format', async () => {
  for (const format of ['float16', 'int8', 'int4'] as const) {
    const matrix = await quantize(weight, format);
    const recorded = await run(matrix);
    await tf.setBackend('cpu');
    const reference = await run(matrix);
    await useOnnx();
    expect(relativeError(recorded.aux, reference.aux)).toBeLessThan(1e-5);
    expect(relativeError(recorded.grads, reference.grads)).toBeLessThan(1e-5);
  }
});

test('the largest integers are summed exactly, whatever the processor', async () => {
  const largest = (shape: readonly number[], value: number): HostTensor => ({
    ...normal(shape),
    data: new Float32Array(shape[0]! * shape[1]!).fill(value),
  });
  const { aux } = await run(await quantize(largest([out, inner], 127), 'int8'), largest([rows, inner], 127));
  expect([...new Set(aux.data)]).toEqual([127 * 127 * inner]);
});

test('weights kept as uint8 around 128, for processors that saturate, give the bits of int8', async () => {
  const signed = await quantize(weight, 'int8');
  if (!('int8' in signed)) return; // this processor saturates: uint8 is what all other tests ran on
  const unsigned = {
    uint8: { ...signed.int8, data: Uint8Array.from(signed.int8.data, (q) => q + 128), dtype: 'uint8' as const },
    scales: signed.scales,
  };
  const [a, b] = [await run(signed), await run(unsigned)];
  expect(b.aux.data).toEqual(a.aux.data);
  expect(b.grads.data).toEqual(a.grads.data);
});

test('a row of zeros is a row of zeros, and a weight of zeros gives zeros', async () => {
  const holes = { ...x, data: x.data.map((value, i) => (Math.floor(i / inner) === 3 ? 0 : value)) };
  for (const format of ['int8', 'int4'] as const) {
    const matrix = await quantize({ ...weight, data: weight.data.map((value, i) => (i < inner ? 0 : value)) }, format);
    const { aux, grads } = await run(matrix, holes);
    expect(aux.data.every(Number.isFinite) && grads.data.every(Number.isFinite)).toBe(true);
    expect(aux.data.slice(3 * out, 4 * out).every((value) => value === 0)).toBe(true);
    expect(Array.from({ length: rows }, (_, row) => aux.data[row * out]).every((value) => value === 0)).toBe(true);
  }
});

test('weights as constants of the graph give what weights as inputs give', async () => {
  for (const format of ['float16', 'int8', 'int4'] as const) {
    const matrix = await quantize(weight, format);
    const [inputs, constants] = [await run(matrix), await run(matrix, x, constant)];
    expect(relativeError(constants.aux, inputs.aux)).toBeLessThan(1e-6);
    expect(relativeError(constants.grads, inputs.grads)).toBeLessThan(1e-6);
  }
});

describe('integers of rows that are whole stretches of 32', () => {
  const wide = 96;
  const [large, matrix] = [normal([rows, wide]), normal([out, wide])];
  large.data.forEach((value, at) => {
    if (at % wide === 40) (large.data as Float32Array)[at] = 60 * value; // one feature is much larger than the others
  });

  test.each(['onnx', 'cpu'])(
    'a feature that is much larger than the others leaves them their steps, on the %s backend',
    async (backend) => {
      await tf.setBackend(backend);
      const exact = await run({ float32: matrix }, large);
      const { aux, grads } = await run(await quantize(matrix, 'int8'), large);
      expect(relativeError(grads, exact.grads)).toBeLessThan(bounds.int8[1]);
      // against the sums without that feature, of which 60 times the others' rounding would be left without the turn: a tenth
      const others = { ...large, data: large.data.map((value, at) => (at % wide === 40 ? 0 : value)) };
      const small = await run({ float32: matrix }, others);
      const error = aux.data.map((value, at) => small.aux.data[at]! + value - exact.aux.data[at]!);
      expect(relativeError({ ...aux, data: error }, small.aux)).toBeLessThan(0.06);
    },
  );

  test('are the values that a table holds, turned, and one turn serves all products of an input', async () => {
    const stored = await tableByColumns(quantizeTable(matrix, 'int8'));
    const { aux } = await run(stored, large);
    expect(relativeError(aux, (await run(await quantize(matrix, 'int8'), large)).aux)).toBeLessThan(0.01);
    const two = (x: tf.Tensor2D, a: FrozenMatrix<tf.Tensor>, b: FrozenMatrix<tf.Tensor>): unknown =>
      tf.mul(frozenMatMul(x, a), frozenMatMul(x, b));
    const fn = await make(two, [spec([rows, wide]), mapFrozen(stored, specOf), mapFrozen(stored, specOf)]);
    const counts = Object.fromEntries((await describeGraph(fn)).operators.map(({ name, nodes }) => [name, nodes]));
    expect(counts).toMatchObject({ MatMul: 1, QuantizeLinear: 1, MatMulIntegerToFloat: 2 });
    await fn.dispose();
  });

  test('turning a row twice gives the row', () => {
    const values = Float32Array.from(large.data);
    turnRows(values, wide);
    expect(relativeError({ ...large, data: values }, large)).toBeGreaterThan(0.5);
    turnRows(values, wide);
    expect(relativeError({ ...large, data: values }, large)).toBeLessThan(1e-6);
  });
});

test('no gradient to the weight is computed, and products of one input share its quantization', async () => {
  const matrix = await quantize(weight, 'int8');
  const two = (input: tf.Tensor2D, a: FrozenMatrix<tf.Tensor>, b: FrozenMatrix<tf.Tensor>): unknown =>
    valueAndGradWithAux((wanted: tf.Tensor2D) => ({ loss: tf.sum(tf.mul(frozenMatMul(wanted, a), frozenMatMul(wanted, b))), aux: [] }))(
      input,
    );
  const fn = await make(two, [spec([rows, inner]), mapFrozen(matrix, specOf), mapFrozen(matrix, specOf)]);
  const counts = Object.fromEntries((await describeGraph(fn)).operators.map(({ name, nodes }) => [name, nodes]));
  expect(counts).toMatchObject({ QuantizeLinear: 1, MatMulIntegerToFloat: 2 });
  expect((counts['MatMul'] ?? 0) + (counts['FusedMatMul'] ?? 0)).toBe(2);
  await fn.dispose();
});

test('only float32 matrices can be quantized', async () => {
  await expect(quantize({ ...weight, shape: [out * inner] }, 'int8')).rejects.toMatchObject({ code: 'TRACE_UNSUPPORTED_DTYPE' });
});

test('every half that is a number survives the way to float32 and back, and rounding goes to the nearest', () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((bits) => (bits & 0x7c00) !== 0x7c00 || (bits & 0x3ff) === 0);
  expect(toFloat16(fromFloat16(halves))).toEqual(halves);
  fc.assert(
    fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
      const [half] = toFloat16(Float32Array.of(value));
      const [near] = fromFloat16(Uint16Array.of(half!));
      const neighbors = fromFloat16(Uint16Array.of(Math.max(0, (half! & 0x7fff) - 1), Math.min(0x7bff, (half! & 0x7fff) + 1))).map(
        (each) => each * Math.sign(near!),
      );
      for (const other of neighbors) expect(Math.abs(near! - value)).toBeLessThanOrEqual(Math.abs(other - value));
    }),
  );
});
