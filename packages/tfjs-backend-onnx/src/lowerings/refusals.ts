import { leaveToTfjs, refuse, refuseInTrace } from './lowering.js';

const dependent = refuseInTrace(
  'the shape of its result depends on values, and shapes in a graph are static',
  'use a mask (tf.where, tf.mul) over the full shape, or run this part outside the compiled function',
);
const random = refuseInTrace(
  'its random numbers would be drawn once, at trace time, and be the same in every run',
  'draw the noise outside and pass it in as an input',
);
const text = refuseInTrace('strings have no tensor type here', 'encode text as integers outside the compiled function');
const pixels = leaveToTfjs('it reads or draws an image of the browser', 'pass the pixels in as an input tensor');
const uncalled = refuse('no operation of tfjs calls it', 'use tf.linalg.bandPart or tf.pool');

/** Kernels that a trace refuses, with the reason. */
export const refusals = {
  NonMaxSuppressionV3: dependent,
  NonMaxSuppressionV4: dependent,
  NonMaxSuppressionV5: dependent,
  Unique: dependent,
  RaggedGather: dependent,
  RaggedRange: dependent,
  RaggedTensorToTensor: dependent,
  SparseFillEmptyRows: dependent,
  SparseReshape: dependent,
  SparseSegmentMean: dependent,
  SparseSegmentSum: dependent,
  BroadcastArgs: dependent,
  MatrixBandPart: uncalled,
  Multinomial: random,
  StaticRegexReplace: text,
  StringNGrams: text,
  StringSplit: text,
  StringToHashBucketFast: text,
  FromPixels: pixels,
  Draw: pixels,
  Pool: uncalled,
};
