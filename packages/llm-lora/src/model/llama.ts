import { checkpoint } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { LlamaConfig } from '../formats/llama-config.js';
import type { LoraLayer } from '../lora/lora-tree.js';
import { attend, type AttentionContext, type KeyValues } from './attention.js';
import type { DecoderArchitecture, DecoderInputs, DecoderResult } from './decoder.js';
import { swiGlu } from './feed-forward.js';
import { linear } from './linear.js';
import { llamaParameters, type LinearModule, type LlamaLayer, type LlamaParameters } from './parameters.js';
import { rmsNorm } from './rms-norm.js';

/** Llama (Touvron et al. 2023) and models of the same form. Reference: transformers, models/llama/modeling_llama.py. */
export const llama: DecoderArchitecture = { parameters: llamaParameters, linearShape, decode, finalNorm };

function linearShape(
  { hiddenSize, intermediateSize, heads, keyValueHeads, headDim }: LlamaConfig,
  module: LinearModule,
): { in: number; out: number } {
  const shapes: Record<LinearModule, { in: number; out: number }> = {
    q_proj: { in: hiddenSize, out: heads * headDim },
    k_proj: { in: hiddenSize, out: keyValueHeads * headDim },
    v_proj: { in: hiddenSize, out: keyValueHeads * headDim },
    o_proj: { in: heads * headDim, out: hiddenSize },
    gate_proj: { in: hiddenSize, out: intermediateSize },
    up_proj: { in: hiddenSize, out: intermediateSize },
    down_proj: { in: intermediateSize, out: hiddenSize },
  };
  return shapes[module];
}

function decode(config: LlamaConfig, parameters: LlamaParameters<tf.Tensor>, embedded: tf.Tensor2D, inputs: DecoderInputs): DecoderResult {
  const { lora, past, recompute = false, ...context } = inputs;
  const apply = recompute ? checkpoint(block) : block;
  let hidden = embedded;
  const keyValues = parameters.layers.map((layer, index) => {
    const adapter = { layer: lora?.tree[index], scale: lora?.scale ?? 0 };
    const { keys, values, ...result } = tf.tidy(`layer${index}`, () =>
      apply(config, layer, hidden, context, adapter, past?.[index] ?? null),
    );
    hidden = result.hidden;
    return { keys, values };
  });
  return { hidden, keyValues };
}

/** One block: attention and feed-forward, each behind a norm and added to the residual stream. @param x [batch * time, hidden] */
function block(
  config: LlamaConfig,
  layer: LlamaLayer<tf.Tensor>,
  x: tf.Tensor2D,
  context: AttentionContext,
  { layer: lora, scale }: { readonly layer: LoraLayer<tf.Tensor> | undefined; readonly scale: number },
  past: KeyValues<tf.Tensor> | null,
): { hidden: tf.Tensor2D } & KeyValues<tf.Tensor4D> {
  const project = (rows: tf.Tensor2D, module: LinearModule): tf.Tensor2D => linear(rows, layer[module], { factors: lora?.[module], scale });

  const normed = rmsNorm(x, layer.input_layernorm, config.normEpsilon); // [batch * time, hidden]
  const { mixed, keys, values } = attend(
    config,
    project(normed, 'q_proj'),
    project(normed, 'k_proj'),
    project(normed, 'v_proj'),
    context,
    past,
  );
  const attended: tf.Tensor2D = tf.add(x, project(mixed, 'o_proj')); // [batch * time, hidden]
  const normedAgain = rmsNorm(attended, layer.post_attention_layernorm, config.normEpsilon);
  const gated = swiGlu(project(normedAgain, 'gate_proj'), project(normedAgain, 'up_proj')); // [batch * time, intermediate]
  return { hidden: tf.add(attended, project(gated, 'down_proj')), keys, values };
}

function finalNorm(config: LlamaConfig, parameters: LlamaParameters<tf.Tensor>, hidden: tf.Tensor2D): tf.Tensor2D {
  return rmsNorm(hidden, parameters.norm, config.normEpsilon);
}
