import { mapTree, quantize, specOf, type FrozenFormat, type HostFrozenMatrix, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import type { ModelFamily } from '../families/family.js';
import type { Checkpoint } from '../formats/checkpoint.js';
import type { FloatTensor } from '../formats/host-tensor.js';
import type { LoraTree } from '../lora/lora-tree.js';
import type { DecoderConfig } from './config.js';
import type { Matrix } from './linear.js';
import { parameterTree, type ParameterTree } from './parameters.js';

/** Weights as an argument of a compiled function: the parameters and the head's rows in parts. */
export type WeightTree<L, M = L> = {
  readonly parameters: ParameterTree<L, M>;
  /** [part, hidden] each; views of `parameters.head`. None where that is stored small. */
  readonly headParts: readonly L[];
};

/** A model's weights, once in memory and shared by all compiled functions that take them as inputs. */
export interface ModelWeights<M = FloatTensor> {
  readonly family: ModelFamily;
  readonly config: DecoderConfig;
  readonly tree: WeightTree<FloatTensor, M>;
  readonly specs: WeightTree<TensorSpec, Matrix<TensorSpec>>;
}

/** Weights for functions that take no gradient and need no log-probability of a given token: matrices may be stored small. */
export type ReadWeights = ModelWeights<FloatTensor | HostFrozenMatrix>;

/** @param headPart rows of the head that meet the hidden states at a time */
export function modelWeights(checkpoint: Checkpoint, headPart: number): ModelWeights {
  const { family, config } = checkpoint;
  const parameters = parameterTree(family.layout(config), checkpoint);
  const headParts = rowParts(parameters.head, headPart);
  return {
    family,
    config,
    tree: { parameters, headParts },
    specs: { parameters: mapParameters(parameters, specOf), headParts: headParts.map(specOf) },
  };
}

/** The same weights with the matrices of linear layers and head stored small. Embedding table, norms and biases stay as they are. */
export async function storedAs(format: FrozenFormat, { family, config, tree }: ModelWeights): Promise<ReadWeights> {
  const { linears, head, ...others } = tree.parameters;
  const stored: Readonly<Record<string, HostFrozenMatrix>>[] = [];
  for (const matrices of linears) {
    const entries = Object.entries(matrices).map(async ([name, matrix]) => [name, await quantize(matrix, format)] as const);
    stored.push(Object.fromEntries(await Promise.all(entries)));
  }
  const parameters = { ...others, linears: stored, head: await quantize(head, format) };
  return { family, config, tree: { parameters, headParts: [] }, specs: { parameters: mapParameters(parameters, specOf), headParts: [] } };
}

/** The same parameters with other leaves. */
export function mapParameters<A, B>(parameters: ParameterTree<A, Matrix<A>>, change: (leaf: A) => B): ParameterTree<B, Matrix<B>> {
  return mapTree<unknown, [A], B>(parameters, change) as unknown as ParameterTree<B, Matrix<B>>;
}

/** The same adapter with other leaves. */
export function mapLora<A, B>(tree: LoraTree<A>, change: (leaf: A) => B): LoraTree<B> {
  return mapTree<unknown, [A], B>(tree, change) as unknown as LoraTree<B>;
}

/** Consecutive rows of a matrix as views of its memory. */
function rowParts({ data, shape }: FloatTensor, size: number): FloatTensor[] {
  const [rows, width] = shape as [number, number];
  return Array.from({ length: Math.ceil(rows / size) }, (_, part) => {
    const first = part * size;
    const last = Math.min(rows, first + size);
    return { data: data.subarray(first * width, last * width), shape: [last - first, width], dtype: 'float32' };
  });
}

/** Weights while a function is traced; of those that are read only, matrices may be stored small. */
export type TracedWeights<M = tf.Tensor> = WeightTree<tf.Tensor, M>;
