import { CompiledCache, mapTree, specOf, type HostTensor, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { product } from '../model/linear.js';
import type { ModelWeights, TracedWeights } from '../model/weights.js';
import type { PolicyContext } from '../policy/context.js';
import { compileProgram, type Program } from '../policy/program.js';
import { isDecomposed, type HostLora, type LoraInputs } from './applied-lora.js';
import type { RowNorms } from './initialize.js';

type Norms<L> = readonly { readonly [key: string]: L }[];

/** A row of zeros with a magnitude would divide by 0; its quotient is 0 like this where the magnitude is. */
const SMALLEST_SQUARE = 1e-24;

/**
 * |W + scale B A| row by row, which DoRA divides by (Liu et al. 2024, equation 5). It is computed once for each adapter, and is then a
 * constant of all functions, of a gradient too (section 4.3). The square is |w|^2 + 2 scale w A^T b + scale^2 b^T (A A^T) b
 * for a row w and its b: as much work as a text of as many tokens as the ranks, and no further matrix.
 */
export class WeightNorms {
  readonly #weights: ModelWeights;
  readonly #options: PolicyContext['compileOptions'];
  readonly #rowNorms: RowNorms;
  readonly #compiled = new CompiledCache<Program<Norms<HostTensor>>>(2);
  readonly #ready = new WeakMap<HostLora, Promise<HostLora>>();

  /** @param rowNorms |w| of the base model */
  constructor(weights: ModelWeights, options: PolicyContext['compileOptions'], rowNorms: RowNorms) {
    this.#weights = weights;
    this.#options = options;
    this.#rowNorms = rowNorms;
  }

  /** The adapter as compiled functions take it. */
  ready(lora: HostLora): Promise<HostLora> {
    if (!isDecomposed(lora)) return Promise.resolve(lora);
    let made = this.#ready.get(lora);
    if (made === undefined) {
      made = this.#compute(lora).then((norms) => ({ ...lora, inputs: { ...lora.inputs, norms } }));
      made.catch(() => this.#ready.delete(lora));
      this.#ready.set(lora, made);
    }
    return made;
  }

  /** Frees what was compiled. */
  dispose(): Promise<void> {
    return this.#compiled.clear();
  }

  #compute(lora: HostLora): Promise<Norms<HostTensor>> {
    const { linears } = this.#weights.tree.parameters;
    const before = lora.inputs.factors.map((layer, index) =>
      Object.fromEntries(Object.keys(layer).map((key) => [key, vector(this.#rowNorms(index, key))])),
    );
    return this.#compiled.use(
      lora.structure,
      () => this.#compile(lora, before),
      (compiled) => compiled.run([linears, lora.inputs, before]),
    );
  }

  #compile(lora: HostLora, before: Norms<HostTensor>): Promise<Program<Norms<HostTensor>>> {
    type Linears = TracedWeights['parameters']['linears'];
    const traced = (linears: Linears, { factors, scales }: LoraInputs<tf.Tensor>, rowNorms: Norms<tf.Tensor>): Norms<tf.Tensor> =>
      factors.map((layer, index) =>
        Object.fromEntries(
          Object.entries(layer).map(([key, { a, b }]) => {
            const scale = scales[lora.scaleOf[index]![key]!]!;
            const low = a as tf.Tensor2D; // [rank, in]
            const dots = tf.transpose(product(low, linears[index]![key]!, 'float32')); // [out, rank]
            const own = tf.matMul(b, tf.matMul(low, low, false, true)); // [out, rank]
            const linear = tf.mul(tf.sum(tf.mul(dots, b), 1), tf.mul(scale, 2));
            const square = tf.mul(tf.sum(tf.mul(own, b), 1), tf.square(scale));
            const sum = tf.add(tf.square(rowNorms[index]![key]!), tf.add(linear, square));
            return [key, tf.sqrt(tf.maximum(sum, SMALLEST_SQUARE))] as const; // [out]
          }),
        ),
      );
    const specs = [this.#weights.specs.parameters.linears, lora.inputs, before];
    return compileProgram(
      traced,
      specs.map((tree, at) => (at === 0 ? tree : mapTree<unknown, [HostTensor], TensorSpec>(tree, specOf))),
      { ...this.#options, name: 'weight norms' },
    );
  }
}

const vector = (data: Float32Array): HostTensor => ({ data, shape: [data.length], dtype: 'float32' });
