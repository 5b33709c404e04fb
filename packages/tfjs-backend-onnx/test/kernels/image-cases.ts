import * as tf from '@tensorflow/tfjs';
import { counts, floats, integers, kernel, shaped, values, type KernelCase } from './kernel-case.js';

type Pad = 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;
type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

const EXPLICIT: tf.backend_util.ExplicitPadding = [
  [0, 0],
  [1, 2],
  [0, 1],
  [0, 0],
];
const image = (x: tf.Tensor): tf.Tensor4D => x as tf.Tensor4D;
const volume = (x: tf.Tensor): tf.Tensor5D => x as tf.Tensor5D;

const conv2d = (pad: Pad, strides: number, dilations: number, filter: Shape4, format: 'NHWC' | 'NCHW' = 'NHWC'): KernelCase => ({
  inputs: [floats(format === 'NHWC' ? [2, 6, 5, 3] : [2, 3, 6, 5]), floats(filter)],
  run: (x, w) => tf.conv2d(image(x), image(w), strides, pad, format, dilations),
  // tfjs differentiates no dilated convolution
  ...(dilations > 1 ? { noGradient: 'dilation' } : {}),
});

const depthwise = (pad: Pad, strides: number, dilations = 1): KernelCase => ({
  inputs: [floats([2, 6, 5, 3]), floats([2, 3, 3, 2])],
  run: (x, w) => tf.depthwiseConv2d(image(x), image(w), strides, pad, 'NHWC', dilations),
  ...(dilations > 1 ? { noGradient: 'dilation' } : {}),
});

const WHOLE_WINDOWS = "tfjs's cpu kernel divides by whole windows in the gradient, by what lies within in the mean; see adjoint.test.ts";
const SQUARE = [1, 4, 4, 3];
const RESIZED = "tfjs's cpu kernel is right for one square image without halfPixelCenters; see adjoint.test.ts";

const pool = (run: typeof tf.maxPool, pads: readonly Pad[], noGradient?: string): KernelCase[] =>
  pads.flatMap((pad) =>
    [1, 2].map((strides) => ({
      inputs: [floats([2, 6, 5, 3])],
      run: (x: tf.Tensor) => run(image(x), [2, 3], strides, pad),
      ...(noGradient === undefined || pad === 'valid' ? {} : { noGradient }),
    })),
  );

const resize = (run: typeof tf.image.resizeBilinear): KernelCase[] =>
  [
    { size: SQUARE, height: 7, width: 9 },
    { size: SQUARE, height: 3, width: 2 },
    { size: [2, 4, 5, 3], height: 1, width: 7 },
  ].flatMap(({ size, height, width }) =>
    [
      [false, false],
      [true, false],
      [false, true],
    ].map(([alignCorners, halfPixelCenters]) => ({
      inputs: [floats(size)],
      run: (x: tf.Tensor) => run(image(x), [height, width], alignCorners, halfPixelCenters),
      ...(halfPixelCenters === true || size !== SQUARE || height === 1 ? { noGradient: RESIZED } : {}),
    })),
  );

const fused = (name: 'conv2d' | 'depthwiseConv2d', filter: Shape4, channels: number): KernelCase[] =>
  (['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const).map((activation) => ({
    inputs: [floats([2, 4, 5, 3]), floats(filter), floats([channels], -1, 1), floats([channels], 0, 1)],
    run: (x, w, bias, slopes) =>
      kernel(
        name === 'conv2d' ? 'FusedConv2D' : 'FusedDepthwiseConv2D',
        activation === 'prelu' ? { x: x, filter: w, bias: bias, preluActivationWeights: slopes } : { x: x, filter: w, bias: bias },
        { strides: 1, pad: 'same', dataFormat: 'NHWC', dilations: 1, activation, leakyreluAlpha: 0.1 },
      ),
    noGradient: 'tfjs differentiates the operation, not the kernel',
  }));

const boxes = shaped(values(0, 0, 1, 1, 0.21, 0.13, 0.73, 0.88, -0.32, 0, 1.41, 0.53, 0.91, 0.93, 0.12, 0.17), 4, 4);
const transforms = shaped(values(1.2, 0.1, -1, 0.2, 0.8, 0.5, 0.01, -0.02, 0.7, -0.3, 2, 0.1, 1.1, -2.2, 0, 0.03), 2, 8);

/** Cases of convolutions, pooling, resizing, sampling and morphology. */
export const imageCases = {
  Conv2D: [
    conv2d('same', 1, 1, [3, 2, 3, 4]),
    conv2d('valid', 2, 1, [3, 2, 3, 4]),
    conv2d('valid', 1, 2, [2, 2, 3, 4]),
    conv2d(EXPLICIT, 2, 1, [3, 3, 3, 4]),
    conv2d('same', 1, 1, [1, 1, 3, 4]),
    { ...conv2d('same', 2, 1, [3, 3, 3, 2], 'NCHW'), noGradient: "tfjs's cpu kernel of the gradient takes images in the other order" },
  ],
  Conv2DBackpropInput: [
    {
      inputs: [floats([2, 3, 3, 4]), floats([3, 2, 3, 4])],
      run: (dy, w) => tf.conv2dTranspose(image(dy), image(w), [2, 6, 6, 3], 2, 'same'),
    },
    {
      inputs: [floats([1, 2, 3, 4]), floats([2, 2, 3, 4])],
      run: (dy, w) => tf.conv2dTranspose(image(dy), image(w), [1, 5, 6, 3], 2, 'valid'),
    },
  ],
  Conv2DBackpropFilter: [
    {
      inputs: [floats([2, 6, 5, 3]), floats([2, 2, 2, 4])],
      run: (x, dy) =>
        kernel('Conv2DBackpropFilter', { x, dy }, { strides: [2, 2], pad: 'valid', dataFormat: 'NHWC', filterShape: [3, 3, 3, 4] }),
      noGradient: 'tfjs has none of second order for filters',
    },
  ],
  Conv3D: [
    { inputs: [floats([2, 3, 4, 5, 2]), floats([2, 3, 2, 2, 3])], run: (x, w) => tf.conv3d(volume(x), volume(w), 1, 'same') },
    { inputs: [floats([2, 3, 4, 5, 2]), floats([2, 2, 2, 2, 3])], run: (x, w) => tf.conv3d(volume(x), volume(w), [1, 2, 2], 'valid') },
  ],
  Conv3DBackpropInputV2: [
    {
      inputs: [floats([1, 2, 2, 2, 3]), floats([2, 2, 2, 2, 3])],
      run: (dy, w) => tf.conv3dTranspose(volume(dy), volume(w), [1, 4, 4, 4, 2] as Shape5, 2, 'same'),
      noGradient: 'tfjs has none',
    },
  ],
  Conv3DBackpropFilterV2: [
    {
      inputs: [floats([2, 3, 4, 5, 2]), floats([2, 2, 3, 4, 3])],
      run: (x, dy) => kernel('Conv3DBackpropFilterV2', { x, dy }, { strides: 1, pad: 'valid', filterShape: [2, 2, 2, 2, 3] }),
      noGradient: 'tfjs has none',
    },
  ],
  DepthwiseConv2dNative: [depthwise('same', 1), depthwise('valid', 2), depthwise('same', 1, 2), depthwise(1, 1)],
  DepthwiseConv2dNativeBackpropInput: [
    {
      inputs: [floats([2, 5, 3, 6]), floats([2, 3, 3, 2])],
      run: (dy, filter) =>
        kernel('DepthwiseConv2dNativeBackpropInput', { dy, filter }, { strides: 1, pad: 'valid', dilations: 1, inputShape: [2, 6, 5, 3] }),
      noGradient: 'tfjs has none',
    },
  ],
  DepthwiseConv2dNativeBackpropFilter: [
    {
      inputs: [floats([2, 6, 5, 3]), floats([2, 3, 3, 6])],
      run: (x, dy) =>
        kernel('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { strides: 2, pad: 'same', dilations: 1, filterShape: [2, 3, 3, 2] }),
      noGradient: 'tfjs has none',
    },
  ],
  FusedConv2D: fused('conv2d', [3, 2, 3, 4], 4),
  FusedDepthwiseConv2D: fused('depthwiseConv2d', [3, 2, 3, 2], 6),

  MaxPool: [
    ...pool(tf.maxPool, ['same', 'valid', 1]),
    { inputs: [integers([1, 4, 4, 2], -9, 9)], run: (x) => tf.maxPool(image(x), 2, 1, 'same') },
  ],
  MaxPoolGrad: [
    {
      inputs: [floats([1, 2, 2, 2]), shaped(values(...Array.from({ length: 32 }, (_, i) => (i * 7) % 5)), 1, 4, 4, 2)],
      run: (dy, input) => kernel('MaxPoolGrad', { dy, input, output: input }, { filterSize: 3, strides: 2, pad: 'same' }),
      noGradient: 'tfjs has none',
    },
  ],
  MaxPool3D: [
    { inputs: [floats([1, 4, 3, 4, 2])], run: (x) => tf.maxPool3d(volume(x), 2, 1, 'same') },
    { inputs: [floats([1, 4, 3, 4, 2])], run: (x) => tf.maxPool3d(volume(x), [1, 2, 2], 2, 'valid') },
  ],
  MaxPool3DGrad: [
    {
      inputs: [floats([1, 2, 2, 2, 2]), floats([1, 4, 4, 4, 2])],
      run: (dy, input) => kernel('MaxPool3DGrad', { dy, input, output: input }, { filterSize: 3, strides: 2, pad: 'same' }),
      noGradient: 'tfjs has none',
    },
  ],
  MaxPoolWithArgmax: [
    {
      inputs: [floats([2, 4, 5, 3])],
      run: (x) => Object.values(tf.maxPoolWithArgmax(image(x), 2, 2, 'valid')),
      noGradient: 'tfjs has none',
    },
    {
      inputs: [floats([2, 4, 5, 3])],
      run: (x) => Object.values(tf.maxPoolWithArgmax(image(x), 3, 1, 'same', true)),
      noGradient: 'tfjs has none',
    },
  ],
  AvgPool: [...pool(tf.avgPool, ['same', 'valid', 1], WHOLE_WINDOWS)],
  AvgPoolGrad: [
    {
      inputs: [floats([1, 3, 2, 2]), floats([1, 5, 5, 2])],
      run: (dy, input) => kernel('AvgPoolGrad', { dy, input }, { filterSize: [3, 2], strides: [1, 2], pad: 'valid' }),
      noGradient: 'tfjs has none',
    },
    // three windows of two: the elements at the edge are alone in theirs
    {
      inputs: [shaped(values(1, 1, 1), 1, 1, 3, 1), shaped(values(0, 0, 0), 1, 1, 3, 1)],
      run: (dy, input) => kernel('AvgPoolGrad', { dy, input }, { filterSize: [1, 2], strides: 1, pad: 'same' }),
      expected: [[0.5, 1, 1.5]],
    },
  ],
  AvgPool3D: [
    { inputs: [floats([1, 4, 3, 4, 2])], run: (x) => tf.avgPool3d(volume(x), 2, 1, 'same'), noGradient: WHOLE_WINDOWS },
    { inputs: [floats([1, 4, 3, 4, 2])], run: (x) => tf.avgPool3d(volume(x), [1, 2, 2], 2, 'valid') },
  ],
  AvgPool3DGrad: [
    {
      inputs: [floats([1, 3, 3, 3, 2]), floats([1, 4, 4, 4, 2])],
      run: (dy, input) => kernel('AvgPool3DGrad', { dy, input }, { filterSize: 2, strides: 1, pad: 'valid' }),
      noGradient: 'tfjs has none',
    },
  ],

  ResizeBilinear: resize(tf.image.resizeBilinear),
  ResizeBilinearGrad: [
    {
      inputs: [floats([1, 4, 4, 2]), floats([1, 6, 6, 2])],
      run: (images, dy) => kernel('ResizeBilinearGrad', { images, dy }, { alignCorners: true, halfPixelCenters: false, size: [6, 6] }),
      noGradient: 'tfjs has none',
    },
  ],
  ResizeNearestNeighbor: resize(tf.image.resizeNearestNeighbor),
  ResizeNearestNeighborGrad: [
    {
      inputs: [floats([1, 4, 5, 2]), floats([1, 6, 3, 2])],
      run: (images, dy) =>
        kernel('ResizeNearestNeighborGrad', { images, dy }, { alignCorners: false, halfPixelCenters: false, size: [6, 3] }),
      noGradient: 'tfjs has none',
    },
  ],
  CropAndResize: (['bilinear', 'nearest'] as const).flatMap((method) =>
    [
      [3, 4],
      [1, 2],
    ].map((size): KernelCase => ({
      inputs: [floats([2, 5, 6, 3]), boxes, counts(0, 1, 1, 0)],
      run: (x, b, i) => tf.image.cropAndResize(image(x), b as tf.Tensor2D, i as tf.Tensor1D, size as [number, number], method, 7),
      noGradient: 'tfjs has none',
    })),
  ),
  Transform: (['nearest', 'bilinear'] as const).flatMap((interpolation) =>
    (['constant', 'reflect', 'wrap', 'nearest'] as const).map((fill): KernelCase => ({
      // one image, for tfjs's cpu kernel leaves out all but the first
      inputs: [floats([1, 5, 6, 2]), { ...transforms, data: transforms.data.slice(0, 8), shape: [1, 8] }],
      run: (x, t) => tf.image.transform(image(x), t as tf.Tensor2D, interpolation, fill, 0.5, [7, 4]),
      noGradient: 'tfjs has none',
      tolerance: 1e-5,
    })),
  ),
  RotateWithOffset: [
    { inputs: [floats([2, 5, 6, 3])], run: (x) => tf.image.rotateWithOffset(image(x), 0.7, 0.25, [0.4, 0.6]) },
    { inputs: [floats([1, 5, 6, 3])], run: (x) => tf.image.rotateWithOffset(image(x), -2, [1, 2, 3], 0.5) },
  ],
  FlipLeftRight: [{ inputs: [floats([2, 3, 4, 2])], run: (x) => tf.image.flipLeftRight(image(x)) }],

  Dilation2D: [
    { inputs: [floats([2, 5, 6, 3]), floats([2, 3, 3])], run: (x, f) => tf.dilation2d(image(x), f as tf.Tensor3D, 1, 'same') },
    { inputs: [floats([2, 5, 6, 3]), floats([2, 2, 3])], run: (x, f) => tf.dilation2d(image(x), f as tf.Tensor3D, 2, 'valid') },
    { inputs: [floats([1, 5, 6, 1]), floats([2, 2, 1])], run: (x, f) => tf.dilation2d(image(x), f as tf.Tensor3D, 1, 'valid', 2) },
  ],
  Dilation2DBackpropInput: [
    {
      inputs: [floats([2, 4, 4, 2]), floats([2, 2, 2]), floats([2, 4, 4, 2], 0, 1)],
      run: (x, filter, dy) => kernel('Dilation2DBackpropInput', { x, filter, dy }, { strides: 1, pad: 'same', dilations: 1 }),
      noGradient: 'tfjs has none',
    },
  ],
  Dilation2DBackpropFilter: [
    {
      inputs: [floats([2, 4, 4, 2]), floats([2, 2, 2]), floats([2, 4, 4, 2], 0, 1)],
      run: (x, filter, dy) => kernel('Dilation2DBackpropFilter', { x, filter, dy }, { strides: 1, pad: 'same', dilations: 1 }),
      noGradient: 'tfjs has none',
    },
  ],
  LRN: [
    { inputs: [floats([2, 3, 4, 7])], run: (x) => tf.localResponseNormalization(image(x), 2, 1.5, 0.3, 0.6) },
    { inputs: [floats([1, 2, 2, 3])], run: (x) => tf.localResponseNormalization(image(x), 5) },
  ],
  LRNGrad: [
    {
      inputs: [floats([1, 2, 3, 5]), floats([1, 2, 3, 5], -1, 1), floats([1, 2, 3, 5], 0, 1)],
      run: (x, y, dy) => kernel('LRNGrad', { x, y, dy }, { depthRadius: 1, bias: 2, alpha: 0.4, beta: 0.75 }),
      noGradient: 'tfjs has none',
    },
  ],
} satisfies Record<string, readonly KernelCase[]>;
