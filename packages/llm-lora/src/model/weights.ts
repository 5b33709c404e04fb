import {
  mapTree,
  quantize,
  residentSpecOf,
  tableByColumns,
  type Activations,
  type FrozenFormat,
  type HostFrozenMatrix,
  type TensorSpec,
} from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import type { ModelFamily } from '../families/family.js';
import type { Checkpoint } from '../formats/checkpoint.js';
import type { FloatTensor, StoredTensor } from '../formats/host-tensor.js';
import type { DecoderConfig } from './config.js';
import type { Matrix } from './linear.js';
import { parameterTree, type ParameterTree } from './parameters.js';
import { tableParts } from './table.js';

/** Weights as an argument of a compiled function: the parameters and the head's rows in parts. */
export type WeightTree<L, M = L> = {
  readonly parameters: ParameterTree<L, M>;
  /** [part, hidden] each; views of `parameters.head`. None where only the next token is asked for. */
  readonly headParts: readonly M[];
};

/** A model's weights, once in memory and shared by all compiled functions that take them as inputs. Matrices may be stored small. */
export interface ModelWeights {
  readonly family: ModelFamily;
  readonly config: DecoderConfig;
  readonly tree: WeightTree<FloatTensor, StoredTensor>;
  readonly specs: WeightTree<TensorSpec, Matrix<TensorSpec>>;
  /** How activations enter products by integers: as they are wherever log-probabilities or gradients are asked for. */
  readonly activations: Activations;
}

/** @param headPart rows of the head that meet the hidden states at a time */
export function modelWeights(checkpoint: Checkpoint<DecoderConfig, StoredTensor>, headPart: number): ModelWeights {
  const { family, config } = checkpoint;
  const parameters = parameterTree(family.layout(config), checkpoint);
  const headParts = tableParts(parameters.head, headPart);
  return withSpecs(family, config, { parameters, headParts }, 'float32');
}

/** The same weights for sampling alone, with the matrices of linear layers and head stored small. The rest stays as it is. */
export async function storedAs(format: FrozenFormat, { family, config, tree }: ModelWeights): Promise<ModelWeights> {
  const { linears, head, ...others } = tree.parameters;
  const stored: Readonly<Record<string, StoredTensor>>[] = [];
  for (const matrices of linears) {
    const entries = Object.entries(matrices).map(async ([name, matrix]) => [name, await smaller(matrix, format)] as const);
    stored.push(Object.fromEntries(await Promise.all(entries)));
  }
  return withSpecs(
    family,
    config,
    { parameters: { ...others, linears: stored, head: await smaller(head, format) }, headParts: [] },
    'int8',
  );
}

/** What is small stays so; a table's integers are turned for products by integers. */
function smaller(matrix: StoredTensor, format: FrozenFormat): Promise<HostFrozenMatrix> | HostFrozenMatrix {
  if ('data' in matrix) return quantize(matrix, format);
  return 'rows' in matrix ? tableByColumns(matrix) : matrix;
}

function withSpecs(
  family: ModelFamily,
  config: DecoderConfig,
  tree: WeightTree<FloatTensor, StoredTensor>,
  activations: Activations,
): ModelWeights {
  return { family, config, tree, specs: mapTree(tree, residentSpecOf), activations };
}

/** The same parameters with other leaves. */
export function mapParameters<A, B>(parameters: ParameterTree<A, Matrix<A>>, change: (leaf: A) => B): ParameterTree<B, Matrix<B>> {
  return mapTree<unknown, [A], B>(parameters, change) as unknown as ParameterTree<B, Matrix<B>>;
}

/** Weights while a function is traced. */
export type TracedWeights = WeightTree<tf.Tensor, Matrix<tf.Tensor>>;
