import type * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import { int, type Value } from '../graph.js';
import { sizeOf } from '../tensors.js';
import { arithmetic } from './arithmetic.js';
import { lowerComplex, type ComplexLowering, type ComplexValue, type Lowering } from './lowering.js';
import { shapes } from './shapes.js';
import { unary } from './unary.js';

/** Real and imaginary parts side by side on a new last axis, as ONNX wants complex numbers. */
function interleaved({ real, imag }: ComplexValue, g: GraphBuilder): Value {
  const parts = [real, imag].map((part) => g.reshape(part, [...part.shape, 1]));
  return g.op('Concat', parts, { shape: [...real.shape, 2], dtype: real.dtype }, { axis: int(real.shape.length) });
}

function separated(x: Value, g: GraphBuilder): ComplexValue {
  const axis = x.shape.length - 1;
  const part = (index: number): Value => g.reshape(g.slice(x, [index], [index + 1], [axis], [1]), x.shape.slice(0, -1));
  return { real: part(0), imag: part(1) };
}

/** The discrete Fourier transform along the last axis; the inverse is divided by its length. */
function transform(input: ComplexValue, inverse: boolean, g: GraphBuilder): ComplexValue {
  const { shape } = input.real;
  const x = g.reshape(interleaved(input, g), [sizeOf(shape.slice(0, -1)), shape.at(-1)!, 2]);
  const spectrum = g.op('DFT', [x], x, { axis: int(1), inverse: int(Number(inverse)) });
  return separated(g.reshape(spectrum, [...shape, 2]), g);
}

/** The square root of the sum of squares, scaled so that squares neither overflow nor vanish. */
function magnitude({ real, imag }: ComplexValue, g: GraphBuilder): Value {
  const [a, b] = [g.unary('Abs', real), g.unary('Abs', imag)];
  const larger = g.binary('Max', a, b);
  const zero = g.binary('Equal', larger, g.scalar(0), 'bool');
  const ratio = g.binary('Div', g.binary('Min', a, b), g.where(zero, g.scalar(1), larger));
  return g.binary('Mul', larger, g.unary('Sqrt', g.binary('Add', g.binary('Mul', ratio, ratio), g.scalar(1))));
}

/** A kernel that does the same with real and imaginary parts. */
function componentwise({ lower }: Lowering): ComplexLowering {
  return lowerComplex<Record<string, unknown>, Record<string, unknown>>((inputs, attributes, g) => {
    const of = (part: 'real' | 'imag'): Value =>
      lower(Object.fromEntries(Object.entries<ComplexValue>(inputs).map(([name, value]) => [name, value[part]])), attributes, g) as Value;
    return { real: of('real'), imag: of('imag') };
  });
}

/** Kernels that make complex numbers or take them apart. */
export const complexNumbers = {
  // its inputs are real: their own imaginary parts are zero
  Complex: lowerComplex<tf.ComplexInputs>(({ real, imag }) => ({ real: real.real, imag: imag.real })),
  Real: lowerComplex<tf.RealInputs>(({ input }) => input.real),
  Imag: lowerComplex<tf.ImagInputs>(({ input }) => input.imag),
  ComplexAbs: lowerComplex<tf.ComplexAbsInputs>(({ x }, _, g) => magnitude(x, g)),
  FFT: lowerComplex<tf.FFTInputs>(({ input }, _, g) => transform(input, false, g)),
  IFFT: lowerComplex<tf.IFFTInputs>(({ input }, _, g) => transform(input, true, g)),
};

/** Forms that kernels of real numbers take for complex ones, where tfjs has such. */
export const complexForms: Readonly<Record<string, ComplexLowering | undefined>> = {
  ...Object.fromEntries(
    Object.entries({
      Add: arithmetic.Add,
      Sub: arithmetic.Sub,
      Identity: shapes.Identity,
      Reshape: shapes.Reshape,
      ExpandDims: shapes.ExpandDims,
      Transpose: shapes.Transpose,
      Concat: shapes.Concat,
      Pack: shapes.Pack,
      Slice: shapes.Slice,
      StridedSlice: shapes.StridedSlice,
      Reverse: shapes.Reverse,
      Tile: shapes.Tile,
      PadV2: shapes.PadV2,
      Neg: unary.Neg,
    }).map(([kernel, lowering]) => [kernel, componentwise(lowering)]),
  ),
  Multiply: lowerComplex<tf.MultiplyInputs>(({ a, b }, _, g) => {
    const product = (x: Value, y: Value): Value => g.binary('Mul', x, y);
    return {
      real: g.binary('Sub', product(a.real, b.real), product(a.imag, b.imag)),
      imag: g.binary('Add', product(a.real, b.imag), product(a.imag, b.real)),
    };
  }),
  Cast: lowerComplex<tf.CastInputs, tf.CastAttrs>(({ x }, { dtype }, g) =>
    dtype === 'complex64' ? x : g.cast(x.real, dtype as 'float32' | 'int32' | 'bool'),
  ),
  ZerosLike: lowerComplex<tf.ZerosLikeInputs>(({ x }, _, g) => filled(x, 0, g)),
  OnesLike: lowerComplex<tf.OnesLikeInputs>(({ x }, _, g) => filled(x, 1, g)),
};

function filled({ real }: ComplexValue, value: number, g: GraphBuilder): ComplexValue {
  return { real: g.expand(g.scalar(value), real.shape), imag: g.expand(g.scalar(0), real.shape) };
}
