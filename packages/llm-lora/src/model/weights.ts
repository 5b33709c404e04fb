import type { TensorSpec } from '@expctr/tfjs-backend-onnx';
import { specOf } from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import type { Checkpoint } from '../formats/checkpoint.js';
import type { FloatTensor } from '../formats/host-tensor.js';
import type { LlamaConfig } from '../formats/llama-config.js';
import type { LoraLayer, LoraTree } from '../lora/lora-tree.js';
import type { DecoderArchitecture } from './decoder.js';
import type { LlamaParameters } from './parameters.js';

/** Weights as an argument of a compiled function: the parameters and the head's rows in parts. */
export type WeightTree<L> = {
  readonly parameters: LlamaParameters<L>;
  /** [part, hidden] each; views of `parameters.head`. */
  readonly headParts: readonly L[];
};

/** A model's weights, once in memory and shared by all compiled functions that take them as inputs. */
export interface ModelWeights {
  readonly config: LlamaConfig;
  readonly architecture: DecoderArchitecture;
  readonly tree: WeightTree<FloatTensor>;
  readonly specs: WeightTree<TensorSpec>;
}

/** @param headPart rows of the head that meet the hidden states at a time */
export function modelWeights(architecture: DecoderArchitecture, checkpoint: Checkpoint, headPart: number): ModelWeights {
  const parameters = architecture.parameters(checkpoint);
  const tree = { parameters, headParts: rowParts(parameters.head, headPart) };
  return { config: checkpoint.config, architecture, tree, specs: mapWeights(tree, specOf) };
}

/** The same tree with other leaves. */
export function mapWeights<A, B>({ parameters, headParts }: WeightTree<A>, change: (leaf: A) => B): WeightTree<B> {
  return { parameters: mapParameters(parameters, change), headParts: headParts.map(change) };
}

/** The same parameters with other leaves. */
export function mapParameters<A, B>({ embedding, layers, norm, head }: LlamaParameters<A>, change: (leaf: A) => B): LlamaParameters<B> {
  return {
    embedding: change(embedding),
    layers: layers.map((layer) => ({
      input_layernorm: change(layer.input_layernorm),
      q_proj: change(layer.q_proj),
      k_proj: change(layer.k_proj),
      v_proj: change(layer.v_proj),
      o_proj: change(layer.o_proj),
      post_attention_layernorm: change(layer.post_attention_layernorm),
      gate_proj: change(layer.gate_proj),
      up_proj: change(layer.up_proj),
      down_proj: change(layer.down_proj),
    })),
    norm: change(norm),
    head: change(head),
  };
}

/** The same adapter with other leaves. */
export function mapLora<A, B>(tree: LoraTree<A>, change: (leaf: A) => B): LoraTree<B> {
  return tree.map(
    (layer) =>
      Object.fromEntries(
        Object.entries(layer).map(([module, { a, b }]) => [module, { a: change(a), b: change(b) }]),
      ) as unknown as LoraLayer<B>,
  );
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
