import { mapTree, specOf, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import type { ModelFamily } from '../families/family.js';
import type { Checkpoint } from '../formats/checkpoint.js';
import type { FloatTensor } from '../formats/host-tensor.js';
import type { LoraTree } from '../lora/lora-tree.js';
import type { DecoderConfig } from './config.js';
import { parameterTree, type ParameterTree } from './parameters.js';

/** Weights as an argument of a compiled function: the parameters and the head's rows in parts. */
export type WeightTree<L> = {
  readonly parameters: ParameterTree<L>;
  /** [part, hidden] each; views of `parameters.head`. */
  readonly headParts: readonly L[];
};

/** A model's weights, once in memory and shared by all compiled functions that take them as inputs. */
export interface ModelWeights {
  readonly family: ModelFamily;
  readonly config: DecoderConfig;
  readonly tree: WeightTree<FloatTensor>;
  readonly specs: WeightTree<TensorSpec>;
}

/** @param headPart rows of the head that meet the hidden states at a time */
export function modelWeights(checkpoint: Checkpoint, headPart: number): ModelWeights {
  const { family, config } = checkpoint;
  const parameters = parameterTree(family.layout(config), checkpoint);
  const tree = { parameters, headParts: rowParts(parameters.head, headPart) };
  const specs = { parameters: mapParameters(parameters, specOf), headParts: tree.headParts.map(specOf) };
  return { family, config, tree, specs };
}

/** The same parameters with other leaves. */
export function mapParameters<A, B>(parameters: ParameterTree<A>, change: (leaf: A) => B): ParameterTree<B> {
  return mapTree<unknown, [A], B>(parameters, change) as unknown as ParameterTree<B>;
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

/** Weights while a function is traced. */
export type TracedWeights = WeightTree<tf.Tensor>;
