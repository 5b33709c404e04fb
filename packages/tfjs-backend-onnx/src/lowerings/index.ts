import type * as tf from '@tensorflow/tfjs';
import { activations } from './activations.js';
import { arithmetic } from './arithmetic.js';
import { comparisons } from './comparison.js';
import { complexNumbers } from './complex.js';
import { convolutions } from './convolutions.js';
import { creation } from './creation.js';
import { indexing } from './indexing.js';
import type { ComplexLowering, Lowering, Refusal } from './lowering.js';
import { matrixProducts } from './matrix-products.js';
import { morphology } from './morphology.js';
import { normalization } from './normalization.js';
import { pooling } from './pooling.js';
import { reductions } from './reductions.js';
import { refusals } from './refusals.js';
import { resizing } from './resizing.js';
import { sampling } from './sampling.js';
import { shapes } from './shapes.js';
import { unary } from './unary.js';

type Tfjs = typeof tf;

/** The name of every kernel that tfjs-core declares, taken from its exports: `tf.BatchMatMul` is the string `'BatchMatMul'`. */
export type KernelName = { [K in keyof Tfjs]: Tfjs[K] extends K & string ? K : never }[keyof Tfjs];

/**
 * How each kernel is traced. The type leaves no kernel out: a tfjs release that adds one does not compile until it is
 * entered here, as a lowering or as a refusal with its reason.
 */
export const lowerings = {
  ...arithmetic,
  ...comparisons,
  ...unary,
  ...activations,
  ...reductions,
  ...matrixProducts,
  ...shapes,
  ...indexing,
  ...creation,
  ...complexNumbers,
  ...normalization,
  ...convolutions,
  ...pooling,
  ...resizing,
  ...sampling,
  ...morphology,
  ...refusals,
} satisfies { readonly [K in KernelName]: Lowering | ComplexLowering | Refusal };

/** Kernels that have a lowering. */
export type LoweredKernel = {
  [K in keyof typeof lowerings]: (typeof lowerings)[K] extends Lowering | ComplexLowering ? K : never;
}[keyof typeof lowerings];
