import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { compile, constant, flattenTree, spec, useOnnx, valueAndGrad, type HostTensor } from '../src/index.js';
import { liveNodes, type Graph } from '../src/graph.js';
import { inputSignature } from '../src/inputs.js';
import { optimize } from '../src/passes/index.js';
import { nodesForProcessor, portable } from '../src/passes/portable.js';
import { printGraph } from '../src/print.js';
import { serialize } from '../src/onnx.js';
import { trace } from '../src/trace.js';

beforeAll(() => useOnnx());

const names = (graph: Graph): string[] => graph.inputs.map(({ origin }) => (origin.kind === 'input' ? origin.name : ''));
const outputs = (graph: Graph): string[] => graph.outputs.map((_, i) => `out${i}`);

/** The optimized graph of a function, and its operators in order. */
function optimized(
  fn: (...args: never[]) => unknown,
  specs: readonly unknown[],
  argumentNames: string[],
): { graph: Graph; ops: string[]; text: string } {
  const graph = optimize(trace({ name: 'f', fn, specs, signature: inputSignature('f', specs, argumentNames) }, new Map()).graph);
  return { graph, ops: liveNodes(graph.outputs).map(({ op }) => op), text: printGraph(graph, names(graph), outputs(graph)) };
}
const of2 = (fn: (x: tf.Tensor2D, y: tf.Tensor2D) => unknown, x = [3, 4], y = [4, 5]): ReturnType<typeof optimized> =>
  optimized(fn, [spec(x), spec(y)], ['x', 'y']);

test('dead code is gone', () => {
  const { ops } = of2((x, y) => {
    tf.exp(tf.matMul(x, y));
    return tf.log(x);
  });
  expect(ops).toEqual(['Log']);
});

test('common subexpressions are computed once', () => {
  const { ops } = of2((x) => tf.add(tf.mul(tf.exp(x), tf.exp(x)), tf.exp(x)));
  expect(ops).toEqual(['Exp', 'Mul', 'Add']);
});

test('the order of operands matters to common subexpressions', () => {
  expect(of2((x, y) => [tf.sub(x, y), tf.sub(y, x)], [3], [3]).ops).toEqual(['Sub', 'Sub']);
});

test('equal constants are stored once, whoever made them', () => {
  const table: HostTensor = { data: Float32Array.from({ length: 2000 }, (_, i) => i), shape: [2000], dtype: 'float32' };
  const copy: HostTensor = { ...table, data: table.data.slice() };
  const { graph } = optimized(
    (x: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => [
      tf.mul(x, a),
      tf.div(x, b),
      tf.sub(tf.reshape(tf.tensor1d(table.data as Float32Array), [2, 1000]), tf.reshape(x, [2, 1000])),
    ],
    [spec([2000]), constant(table), constant(copy)],
    ['x'],
  );
  expect(of2((x) => tf.add(x, tf.reshape(tf.tensor1d([1, 2, 3]), [3, 1]))).ops).toEqual(['Add']);
  expect(serialize(graph, { inputNames: names(graph), outputNames: outputs(graph), place: () => undefined }).constantBytes).toBe(8000 + 16); // and the shape of the reshapes
});

test("constants that differ in a zero's sign, in type or in shape are kept apart", () => {
  const { graph } = of2((x) => [
    tf.div(x, tf.scalar(0)),
    tf.div(x, tf.scalar(-0)),
    tf.mul(x, tf.tensor2d([1, 2, 3], [3, 1])),
    tf.mul(x, tf.tensor2d([1, 2, 4], [3, 1])),
  ]);
  expect(new Set(liveNodes(graph.outputs).map(({ inputs }) => inputs[1])).size).toBe(4);
});

test('arithmetic on scalar constants is done when compiling', () => {
  const { ops, text } = of2((x) => tf.mul(x, tf.sqrt(tf.add(tf.scalar(7), tf.scalar(2)))));
  expect(ops).toEqual(['Mul']);
  expect(text).toContain('Mul(x, 3)');
});

test('neutral operations are gone', () => {
  expect(of2((x) => tf.exp(tf.div(tf.mul(tf.add(tf.sub(x, 0), 0), 1), 1))).ops).toEqual(['Exp']);
  expect(of2((x) => tf.pow(x, 1)).ops).toEqual([]);
  expect(of2((x) => tf.pow(x, 2)).ops).toEqual(['Mul']);
});

test('a neutral operand still broadcasts', () => {
  expect(of2((x) => tf.mul(x, tf.ones([2, 3, 4]))).text).toContain('Expand(x, [2,3,4])');
});

test('x - 0 is x, but 0 - x is not', () => {
  expect(of2((x) => tf.sub(0, x)).ops).toEqual(['Sub']);
  expect(of2((x) => tf.div(1, x)).ops).toEqual(['Div']);
});

test('reshapes of reshapes, casts to the same type and identities are gone', () => {
  expect(of2((x) => tf.exp(tf.reshape(tf.reshape(x, [12]), [2, 6]))).ops).toEqual(['Reshape', 'Exp']);
  expect(of2((x) => tf.exp(tf.reshape(tf.reshape(x, [12]), [3, 4]))).ops).toEqual(['Exp']);
  expect(of2((x) => tf.exp(tf.cast(tf.clone(x), 'float32'))).ops).toEqual(['Exp']);
  expect(of2((x) => tf.neg(tf.neg(tf.exp(x)))).ops).toEqual(['Exp']);
  expect(of2((x) => tf.exp(tf.slice(x, [0, 0], [3, 4]))).ops).toEqual(['Exp']);
  expect(of2((x) => tf.exp(tf.tile(tf.concat([x], 0), [1, 1]))).ops).toEqual(['Exp']);
});

test('casts that lose something stay', () => {
  expect(of2((x) => tf.cast(tf.cast(x, 'int32'), 'float32')).ops).toEqual(['Cast', 'Cast']);
});

test('a reversal of an axis is not taken for an identity', () => {
  expect(of2((x) => tf.reverse(x, 0)).ops).toEqual(['Slice']);
});

test('transposes fold into matrix products, in every combination', () => {
  const t = (x: tf.Tensor2D): tf.Tensor2D => tf.transpose(x);
  expect(of2((x, y) => tf.matMul(t(x), y), [4, 3]).text).toContain('FusedMatMul(x, y) {transA=1, transB=0}');
  expect(of2((x, y) => tf.matMul(x, t(y)), [3, 4], [5, 4]).text).toContain('FusedMatMul(x, y) {transA=0, transB=1}');
  expect(of2((x, y) => tf.matMul(t(x), t(y)), [4, 3], [5, 4]).text).toContain('FusedMatMul(x, y) {transA=1, transB=1}');
  expect(of2((x, y) => tf.matMul(t(x), y, true)).text).toContain('= MatMul(x, y)');
});

test('the transpose of the last two axes folds in batches, other exchanges do not', () => {
  const batch = (perm: number[], y: number[]): string[] => of2((a, b) => tf.matMul(a, tf.transpose(b, perm)), [2, 3, 4, 5], y).ops;
  expect(batch([0, 1, 3, 2], [2, 3, 6, 5])).toEqual(['FusedMatMul']);
  expect(batch([0, 2, 1, 3], [2, 5, 3, 6])).toEqual(['Transpose', 'MatMul']);
});

test('the transpose of a large left operand is a step of its own, however it is written', async () => {
  const [sums, rows, columns] = [200, 130, 140];
  const ops = (fn: (x: tf.Tensor2D, y: tf.Tensor2D) => unknown, x: number[], y: number[]): string[] => of2(fn, x, y).ops;
  expect(ops((x, y) => tf.matMul(x, y, true), [sums, rows], [sums, columns])).toEqual(['Transpose', 'MatMul']);
  expect(ops((x, y) => tf.matMul(tf.transpose(x), y), [sums, rows], [sums, columns])).toEqual(['Transpose', 'MatMul']);
  expect(ops((x, y) => tf.matMul(x, y, true, true), [sums, rows], [columns, sums])).toEqual(['Transpose', 'FusedMatMul']);
  expect(ops((x, y) => tf.matMul(tf.transpose(x), y, true), [rows, sums], [sums, columns])).toEqual(['MatMul']);
  expect(ops((x, y) => tf.matMul(x, y, true), [sums, 16], [sums, columns])).toEqual(['FusedMatMul']);

  const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, (_, at) => Math.sin(at));
  const [x, y] = [numbers(sums * rows), numbers(sums * columns)];
  const product = await compile((a: tf.Tensor2D, b: tf.Tensor2D) => tf.matMul(a, b, true), [spec([sums, rows]), spec([sums, columns])]);
  const { data } = await product.run([x, y]);
  let expected = 0;
  for (let k = 0; k < sums; k += 1) expected += x[k * rows + 7]! * y[k * columns + 11]!;
  expect(data[7 * columns + 11]).toBeCloseTo(expected, 4);
});

test('transposes of transposes are one, and one that moves nothing is a reshape', () => {
  expect(of2((x) => tf.exp(tf.transpose(tf.transpose(x)))).ops).toEqual(['Exp']);
  expect(of2((x) => tf.transpose(x, [1, 0, 2]), [1, 3, 4]).ops).toEqual(['Reshape']);
});

test('broadcasting is left to the operator, and done after the arithmetic on small tensors', () => {
  const { text } = of2((x, y) => tf.add(tf.mul(tf.broadcastTo(tf.exp(y), [3, 4]), 2), x), [3, 4], [1, 4]);
  expect(text).not.toContain('Expand');
  expect(text).toContain('float32[1,4] = Mul(');
});

test('so it is for the batch axes of a product, but not for its rows', () => {
  const product = of2((x, y) => tf.matMul(x, tf.broadcastTo(tf.exp(y), [6, 5, 4]), false, true), [6, 3, 4], [1, 5, 4]);
  expect(product.ops).toEqual(['Exp', 'FusedMatMul']);
  expect(of2((x, y) => tf.matMul(tf.broadcastTo(x, [6, 3, 4]), y), [3, 4], [6, 4, 5]).text).not.toContain('Expand');
  // both operands alone would make a smaller product
  expect(of2((x, y) => tf.matMul(tf.broadcastTo(x, [6, 3, 4]), tf.broadcastTo(y, [6, 4, 5])), [1, 3, 4], [1, 4, 5]).text).toContain(
    'Expand',
  );
  expect(of2((x, y) => tf.matMul(tf.broadcastTo(x, [3, 4]), y), [1, 4], [4, 5]).text).toContain('Expand');
});

test('the gradient of a mean needs no broadcast tensor of ones', () => {
  const { ops } = of2((x, y) => valueAndGrad((w: tf.Tensor2D) => tf.mean(tf.square(tf.sub(x, w))))(y).grads, [3, 4], [3, 4]);
  expect(ops).toEqual(['Sub', 'Mul', 'Mul', 'Neg'].sort((a, b) => ops.indexOf(a) - ops.indexOf(b)));
});

test('a choice with a known condition is one branch', () => {
  expect(of2((x, y) => tf.where(tf.ones([3, 4], 'bool'), tf.exp(x), tf.log(y)), [3, 4], [3, 4]).ops).toEqual(['Exp']);
  expect(of2((x, y) => tf.where(tf.zeros([3, 4], 'bool'), tf.exp(x), tf.log(y)), [3, 4], [3, 4]).ops).toEqual(['Log']);
});

test('large tensors of one number are not written out', () => {
  const { graph } = of2((x) => tf.matMul(x, tf.fill([4, 5000], 0.5)));
  const { constantBytes, model } = serialize(graph, { inputNames: names(graph), outputNames: outputs(graph), place: () => undefined });
  expect(constantBytes).toBeLessThan(100);
  expect(model.byteLength).toBeLessThan(2000);
});

test('names carry the scopes of tfjs', () => {
  const { text } = of2((x, y) => tf.tidy('attention', () => tf.tidy('scores', () => tf.softmax(tf.matMul(x, y)))));
  expect(text).toContain('attention/scores/matMul/MatMul');
  expect(text).toMatch(/out0: float32\[3,5\] = Softmax/);
});

test('a root mean square norm is one operator, in whatever order its products are written, and keeps its gradients', async () => {
  const norm = (x: tf.Tensor2D, w: tf.Tensor1D): tf.Tensor => tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-5))), w);
  const turned = (x: tf.Tensor2D, w: tf.Tensor1D): tf.Tensor =>
    tf.mul(w, tf.mul(tf.rsqrt(tf.add(1e-5, tf.mean(tf.square(x), 1, true))), x));
  const specs = [spec([3, 4]), spec([4])];
  const opsOf = (fn: (x: tf.Tensor2D, w: tf.Tensor1D) => tf.Tensor): string[] => optimized(fn, specs, ['x', 'w']).ops;
  expect(opsOf(norm)).toEqual(['SimplifiedLayerNormalization']);
  expect(opsOf(turned)).toEqual(['SimplifiedLayerNormalization']);
  const others: ((x: tf.Tensor2D, w: tf.Tensor1D) => tf.Tensor)[] = [
    (x, w) => tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), 0, true), 1e-5))), w), // the mean of a column
    (x, w) => tf.mul(tf.mul(tf.add(x, 1), tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-5))), w), // of another tensor
    (x, w) => tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.mul(x, tf.add(x, 1)), -1, true), 1e-5))), w), // no square
    (x, w) => tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), tf.sum(w)))), w), // an epsilon that is computed
  ];
  for (const other of others) expect(opsOf(other)).not.toContain('SimplifiedLayerNormalization');

  const gradients = (x: tf.Tensor2D, w: tf.Tensor1D): unknown => [
    norm(x, w),
    tf.grads((a: tf.Tensor, b: tf.Tensor) => norm(a as tf.Tensor2D, b as tf.Tensor1D))([x, w], tf.cos(x)),
  ];
  const inputs = [Float32Array.from({ length: 12 }, (_, i) => Math.sin(3 * i)), Float32Array.of(1, -2, 0.5, 3)];
  const compiled = await compile(gradients as never, specs as never, { name: 'norm' });
  const onOnnx = flattenTree<HostTensor>(await (compiled as { run(inputs: unknown): Promise<unknown> }).run(inputs));
  await tf.setBackend('cpu');
  const eager = flattenTree<tf.Tensor>(gradients(tf.tensor2d(inputs[0]!, [3, 4]), tf.tensor1d(inputs[1]!)));
  await tf.setBackend('onnx');
  onOnnx.forEach(({ data }, leaf) => {
    const wanted = eager[leaf]!.dataSync();
    data.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 5));
  });
});

test('for other providers than the processor, products with transposed operands are those of the ONNX standard', () => {
  const spread = (fn: (x: tf.Tensor2D, y: tf.Tensor2D) => unknown, x: number[], y: number[]): string => {
    const graph = portable(of2(fn, x, y).graph);
    return printGraph(graph, names(graph), outputs(graph));
  };
  expect(spread((x, y) => tf.matMul(x, y, false, true), [3, 4], [5, 4])).toContain('Gemm(x, y) {transA=0, transB=1}');
  expect(spread((x, y) => tf.matMul(x, y), [3, 4], [4, 5])).toContain('= MatMul(x, y)');
  const batched = spread((x, y) => tf.matMul(x, y, true, true), [2, 4, 3], [2, 5, 4]);
  expect(batched).toContain('float32[2,3,4] = Transpose(x) {perm=[0,2,1]}');
  expect(batched).not.toContain('FusedMatMul');
});

test('what WebGPU would fail at is named for the processor', () => {
  const named = (fn: (x: tf.Tensor4D) => unknown): string[] => {
    const { graph } = optimized(fn, [spec([1, 4, 4, 1])], ['x']);
    return nodesForProcessor(portable(graph), names(graph), outputs(graph));
  };
  expect(named((x) => tf.avgPool(x, 2, 2, 'valid'))).toEqual([]);
  expect(named((x) => tf.maxPool(x, 2, 2, 'valid'))).toEqual([expect.stringMatching(/MaxPool$/) as string]);
  expect(named((x) => tf.reverse(x, 1))).toEqual([expect.stringMatching(/Slice$/) as string]);
  expect(named((x) => tf.slice(x, [0, 1, 0, 0], [1, 2, 4, 1]))).toEqual([]);
});
