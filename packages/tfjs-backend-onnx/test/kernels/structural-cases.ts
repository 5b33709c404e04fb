import * as tf from '@tensorflow/tfjs';
import { counts, floats, integers, kernel, shaped, truths, values, type KernelCase } from './kernel-case.js';

type Reduce = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;

/** A reduction over all axes, one axis, several with the axes kept, and a scalar. */
const reduction = (run: Reduce, low = -2, high = 2): KernelCase[] => [
  { inputs: [floats([2, 3, 4], low, high)], run: (x) => run(x) },
  { inputs: [floats([2, 3, 4], low, high)], run: (x) => run(x, 1) },
  { inputs: [floats([2, 3, 4], low, high)], run: (x) => run(x, [0, -1], true) },
  { inputs: [floats([], low, high)], run: (x) => run(x) },
];
const ofIntegers = (run: Reduce): KernelCase => ({ inputs: [integers([3, 4], -4, 5)], run: (x) => run(x, 1) });

/** Cases of reductions, matrix products, shapes, indexing, creation and normalization. */
export const structuralCases = {
  Sum: [...reduction(tf.sum), ofIntegers(tf.sum), { inputs: [truths([3, 4])], run: (x) => tf.sum(x, 0) }],
  Mean: [...reduction(tf.mean), { inputs: [integers([3, 4], 0, 9)], run: (x) => tf.mean(x, 1) }],
  Max: [...reduction(tf.max), ofIntegers(tf.max)],
  Min: [...reduction(tf.min), ofIntegers(tf.min)],
  Prod: [
    { inputs: [floats([3, 4], 0.5, 2)], run: (x) => tf.prod(x, 1) },
    { inputs: [floats([3, 4], 0.5, 2)], run: (x) => tf.prod(x) },
  ],
  All: [
    { inputs: [truths([5, 2])], run: (x) => tf.all(x, 1) },
    { inputs: [truths([5])], run: (x) => tf.all(x) },
  ],
  Any: [
    { inputs: [truths([5, 2])], run: (x) => tf.any(x, 1, true) },
    { inputs: [truths([5])], run: (x) => tf.any(x) },
  ],
  ArgMax: [
    { inputs: [floats([3, 5])], run: (x) => tf.argMax(x, 1) },
    { inputs: [counts(2, 7, 7, 1)], run: (x) => tf.argMax(x) },
  ],
  ArgMin: [
    { inputs: [floats([3, 5])], run: (x) => tf.argMin(x, 0) },
    { inputs: [counts(2, 1, 7, 1)], run: (x) => tf.argMin(x) },
  ],
  Cumsum: [
    { inputs: [floats([3, 5])], run: (x) => tf.cumsum(x, 1) },
    {
      inputs: [floats([3, 5])],
      run: (x) => tf.cumsum(x, 0, true, true),
      noGradient: 'tfjs transposes it wrongly unless the axis is the last',
    },
    { inputs: [integers([6], 0, 2)], run: (x) => tf.cumsum(x, 0, true) },
  ],
  Cumprod: [
    { inputs: [floats([2, 7])], run: (x) => tf.cumprod(x, 1) },
    { inputs: [floats([2, 7])], run: (x) => tf.cumprod(x, 1, true) },
    { inputs: [floats([7, 2])], run: (x) => tf.cumprod(x, 0, true, true) },
  ],

  BatchMatMul: [
    ...[false, true].flatMap((ta) =>
      [false, true].map((tb): KernelCase => ({
        inputs: [floats(ta ? [5, 3] : [3, 5]), floats(tb ? [4, 5] : [5, 4])],
        run: (a, b) => tf.matMul(a, b, ta, tb),
      })),
    ),
    { inputs: [floats([2, 3, 3, 5]), floats([2, 3, 4, 5])], run: (a, b) => tf.matMul(a, b, false, true) },
    { inputs: [integers([2, 3], -3, 4), integers([3, 2], -3, 4)], run: (a, b) => tf.matMul(a, b) },
  ],
  _FusedMatMul: [
    ...([undefined, 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu'] as const).map((activation): KernelCase => ({
      inputs: [floats([3, 5]), floats([4, 5]), floats([4], -1, 1)],
      run: (a, b, bias) =>
        tf.fused.matMul({
          a: a,
          b: b,
          transposeB: true,
          bias: bias,
          ...(activation === undefined ? {} : { activation }),
          leakyreluAlpha: 0.1,
        }),
    })),
    {
      inputs: [floats([3, 5]), floats([5, 4]), floats([4], 0, 1)],
      run: (a, b, preluActivationWeights) =>
        kernel(
          '_FusedMatMul',
          { a: a, b: b, preluActivationWeights: preluActivationWeights },
          { transposeA: false, transposeB: false, activation: 'prelu' },
        ),
    },
  ],
  Einsum: [
    { inputs: [floats([2, 3, 4]), floats([2, 4, 5])], run: (a, b) => tf.einsum('bij,bjk->bik', a, b) },
    { inputs: [floats([3, 4])], run: (a) => tf.einsum('ij->j', a) },
  ],

  Identity: [{ inputs: [floats([2, 3])], run: (x) => tf.mul(x.clone(), 2) }],
  Reshape: [{ inputs: [floats([2, 3, 4])], run: (x) => tf.mul(tf.reshape(x, [4, -1]), 2) }],
  ExpandDims: [
    { inputs: [floats([2, 3])], run: (x) => tf.mul(tf.expandDims(x, 1), 2) },
    { inputs: [floats([2, 3])], run: (x) => tf.expandDims(x, -1) },
  ],
  Transpose: [
    { inputs: [floats([2, 3, 4])], run: (x) => tf.transpose(x, [2, 0, 1]) },
    { inputs: [floats([2, 3])], run: (x) => tf.transpose(x) },
  ],
  Concat: [
    { inputs: [floats([2, 3]), floats([2, 1])], run: (a, b) => tf.concat([a, b], 1) },
    { inputs: [integers([2, 3], 0, 9), integers([1, 3], 0, 9)], run: (a, b) => tf.concat([a, b], 0) },
  ],
  Pack: [
    { inputs: [floats([2, 3]), floats([2, 3], 0, 1)], run: (a, b) => tf.stack([a, b], 1) },
    { inputs: [floats([]), floats([], 0, 1)], run: (a, b) => tf.stack([a, b]) },
  ],
  Unpack: [{ inputs: [floats([2, 3, 4])], run: (x) => tf.unstack(x, 1) }],
  Slice: [
    { inputs: [floats([4, 5])], run: (x) => tf.slice(x, [1, 2], [2, -1]) },
    { inputs: [floats([4])], run: (x) => tf.slice(x, 1) },
  ],
  StridedSlice: [
    { inputs: [floats([5, 6])], run: (x) => tf.stridedSlice(x, [4, 1], [0, 6], [-2, 2]) },
    { inputs: [floats([5, 6])], run: (x) => tf.stridedSlice(x, [1, 0], [2, 6], [1, 1], 0, 0, 0, 0, 1) },
    { inputs: [floats([5])], run: (x) => tf.stridedSlice(x, [0], [0], [-1], 1, 1) },
  ],
  SplitV: [
    { inputs: [floats([2, 6])], run: (x) => tf.split(x, [1, 3, 2], 1) },
    { inputs: [floats([6, 2])], run: (x) => tf.split(x, 3, 0) },
  ],
  PadV2: [
    {
      inputs: [floats([2, 3])],
      run: (x) =>
        tf.pad(
          x,
          [
            [1, 0],
            [2, 1],
          ],
          0.5,
        ),
    },
    { inputs: [integers([3], 0, 9)], run: (x) => tf.pad(x, [[1, 2]], 7) },
  ],
  MirrorPad: [
    {
      inputs: [floats([3, 4])],
      run: (x) =>
        tf.mirrorPad(
          x,
          [
            [1, 2],
            [0, 3],
          ],
          'reflect',
        ),
    },
    {
      inputs: [floats([3, 4])],
      run: (x) =>
        tf.mirrorPad(
          x,
          [
            [1, 3],
            [2, 0],
          ],
          'symmetric',
        ),
    },
  ],
  Tile: [{ inputs: [floats([2, 3])], run: (x) => tf.tile(x, [2, 3]) }],
  BroadcastTo: [
    {
      inputs: [floats([3, 1])],
      run: (x) => kernel('BroadcastTo', { x: x }, { shape: [3, 4], inputShape: [3, 1] }),
      expected: [[...floats([3, 1]).data].flatMap((each) => [each, each, each, each])],
    },
  ],
  Reverse: [
    { inputs: [floats([2, 3, 4])], run: (x) => tf.reverse(x, [0, 2]) },
    { inputs: [floats([5])], run: (x) => tf.reverse(x) },
  ],
  DepthToSpace: [{ inputs: [floats([1, 2, 3, 8])], run: (x) => tf.depthToSpace(x as tf.Tensor4D, 2) }],
  BatchToSpaceND: [
    {
      inputs: [floats([4, 2, 3, 1])],
      run: (x) =>
        tf.batchToSpaceND(
          x,
          [2, 2],
          [
            [0, 1],
            [1, 0],
          ],
        ),
    },
  ],
  SpaceToBatchND: [
    {
      inputs: [floats([1, 3, 4, 2])],
      run: (x) =>
        tf.spaceToBatchND(
          x,
          [2, 2],
          [
            [1, 0],
            [0, 0],
          ],
        ),
    },
  ],
  Diag: [
    { inputs: [floats([4])], run: (x) => tf.diag(x) },
    { inputs: [floats([2, 3])], run: (x) => tf.diag(x) },
  ],

  GatherV2: [
    { inputs: [floats([4, 3]), counts(2, 0, 2, 3)], run: (x, i) => tf.gather(x, i) },
    { inputs: [floats([2, 5, 3]), shaped(counts(4, 0, 1, 4), 2, 2)], run: (x, i) => tf.gather(x, i, 1) },
    { inputs: [floats([2, 5, 3]), shaped(counts(4, 0, 1, 4), 2, 2)], run: (x, i) => tf.gather(x, i, 1, 1) },
    { inputs: [floats([2, 3, 5]), shaped(counts(4, 0, 1, 4), 2, 2)], run: (x, i) => tf.gather(x, i, 2, 1) },
  ],
  GatherNd: [
    { inputs: [floats([3, 4]), shaped(counts(2, 3, 0, 0, 2, 3), 3, 2)], run: (x, i) => tf.gatherND(x, i) },
    { inputs: [floats([3, 4]), shaped(counts(2, 0), 2, 1)], run: (x, i) => tf.gatherND(x, i) },
  ],
  ScatterNd: [
    { inputs: [shaped(counts(4, 1, 4), 3, 1), floats([3])], run: (i, updates) => tf.scatterND(i, updates, [6]) },
    { inputs: [shaped(counts(2, 0), 2, 1), floats([2, 3])], run: (i, updates) => tf.scatterND(i, updates, [4, 3]) },
  ],
  TensorScatterUpdate: [
    {
      inputs: [floats([5, 2]), shaped(counts(3, 0), 2, 1), floats([2, 2])],
      run: (x, i, updates) => tf.tensorScatterUpdate(x, i, updates),
    },
  ],
  SparseToDense: [
    { inputs: [shaped(counts(0, 1, 2, 3), 2, 2), floats([2])], run: (i, updates) => tf.sparseToDense(i, updates, [3, 4], 0.5) },
    { inputs: [counts(4, 1), floats([2])], run: (i, updates) => tf.sparseToDense(i, updates, [6]) },
  ],
  UnsortedSegmentSum: [
    { inputs: [floats([5, 3]), counts(2, 0, 2, 1, 2)], run: (x, ids) => tf.unsortedSegmentSum(x, ids as tf.Tensor1D, 4) },
    { inputs: [floats([5]), counts(2, -1, 2, 1, 0)], run: (x, ids) => tf.unsortedSegmentSum(x, ids as tf.Tensor1D, 3) },
  ],
  OneHot: [
    { inputs: [counts(2, 0, 1)], run: (i) => tf.oneHot(i, 4) },
    { inputs: [shaped(counts(2, 0, 1, 3), 2, 2)], run: (i) => tf.oneHot(i, 4, 5, -1, 'float32') },
    { inputs: [counts(-1, 9)], run: (i) => tf.oneHot(i, 3) },
  ],
  TopK: [
    { inputs: [floats([3, 6])], run: (x) => Object.values(tf.topk(x, 3)) },
    { inputs: [values(1, 5, 5, 0)], run: (x) => Object.values(tf.topk(x, 2)) },
  ],
  Bincount: [
    { inputs: [counts(0, 2, 2, 7), values(1, 2, 3, 4)], run: (x, weights) => tf.bincount(x as tf.Tensor1D, weights as tf.Tensor1D, 4) },
    { inputs: [counts(0, 2, 2, 1)], run: (x) => tf.bincount(x as tf.Tensor1D, tf.tensor1d([]), 4) },
  ],
  DenseBincount: [
    {
      inputs: [shaped(counts(0, 2, 2, 1), 2, 2), shaped(values(1, 2, 3, 4), 2, 2)],
      run: (x, weights) => tf.denseBincount(x as tf.Tensor2D, weights as tf.Tensor2D, 3),
    },
    { inputs: [shaped(counts(0, 2, 2, 2), 2, 2)], run: (x) => tf.denseBincount(x as tf.Tensor2D, tf.tensor2d([], [0, 0]), 3, true) },
  ],
  SearchSorted: [
    {
      inputs: [shaped(values(1, 2, 2, 5, 0, 1, 8, 9), 2, 4), shaped(values(2, 0, 9, 9, 1, -1), 2, 3)],
      run: (s, v) => tf.searchSorted(s, v, 'left'),
    },
    {
      inputs: [shaped(values(1, 2, 2, 5, 0, 1, 8, 9), 2, 4), shaped(values(2, 0, 9, 9, 1, -1), 2, 3)],
      run: (s, v) => tf.searchSorted(s, v, 'right'),
    },
  ],
  LowerBound: [
    {
      inputs: [shaped(values(1, 2, 2, 5), 1, 4), shaped(values(2, 6), 1, 2)],
      run: (sortedSequence, v) => kernel('LowerBound', { sortedSequence: sortedSequence, values: v }),
      expected: [[1, 4]],
    },
  ],
  UpperBound: [
    {
      inputs: [shaped(values(1, 2, 2, 5), 1, 4), shaped(values(2, 6), 1, 2)],
      run: (sortedSequence, v) => kernel('UpperBound', { sortedSequence: sortedSequence, values: v }),
      expected: [[3, 4]],
    },
  ],

  Fill: [
    { inputs: [floats([2, 3])], run: (x) => tf.mul(x, tf.fill([2, 3], 2.5)) },
    { inputs: [counts(1, 2)], run: (x) => tf.add(x, tf.fill([2], 3, 'int32')) },
  ],
  ZerosLike: [{ inputs: [floats([2, 3])], run: (x) => tf.zerosLike(x) }],
  OnesLike: [
    { inputs: [integers([2, 3], 0, 9)], run: (x) => tf.onesLike(x) },
    { inputs: [floats([3])], run: (x) => kernel('OnesLike', { x: x }) },
  ],
  Range: [
    { inputs: [counts(1)], run: (x) => tf.mul(kernel('Range', {}, { start: 0, stop: 7, step: 2, dtype: 'int32' }), x) },
    { inputs: [values(1)], run: (x) => tf.mul(kernel('Range', {}, { start: 3, stop: 0, step: -0.5, dtype: 'float32' }), x) },
  ],
  LinSpace: [
    { inputs: [values(1)], run: (x) => tf.mul(tf.linspace(-1, 2, 7), x) },
    { inputs: [values(1)], run: (x) => tf.mul(tf.linspace(3, 4, 1), x) },
  ],
  FusedBatchNorm: [
    {
      inputs: [floats([2, 3, 2, 4]), floats([4]), floats([4], 0.5, 2), floats([4], -1, 1), floats([4], 0.1, 1)],
      run: (x, m, v, o, s) => tf.batchNorm(x, m, v, o, s),
    },
    {
      inputs: [floats([3, 4]), floats([4]), floats([4], 0.5, 2)],
      run: (x, m, v) => tf.batchNorm(x, m, v),
      noGradient: 'tfjs saves the missing scale',
    },
  ],
} satisfies Record<string, readonly KernelCase[]>;
