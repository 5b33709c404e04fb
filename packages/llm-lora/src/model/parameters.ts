import type { Checkpoint } from '../formats/checkpoint.js';
import type { FloatTensor } from '../formats/host-tensor.js';

/** The linear layers of a block, by the last part of their Hugging Face names; every one of them can carry a LoRA adapter. */
export const LINEAR_MODULES = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;

/** Name of a linear layer of a block. */
export type LinearModule = (typeof LINEAR_MODULES)[number];

const FEED_FORWARD: ReadonlySet<LinearModule> = new Set(['gate_proj', 'up_proj', 'down_proj']);

/** Weights of one block. Matrices are [out, in] as stored, vectors [hidden]. */
export type LlamaLayer<L> = { readonly [K in LinearModule | 'input_layernorm' | 'post_attention_layernorm']: L };

/** Weights of a Llama model; `L` is a tfjs tensor while a function is traced, a host tensor outside, or a spec. */
export type LlamaParameters<L> = {
  /** [vocabulary, hidden] */
  readonly embedding: L;
  readonly layers: readonly LlamaLayer<L>[];
  /** [hidden] */
  readonly norm: L;
  /** [vocabulary, hidden]; the embedding itself where the head is tied. */
  readonly head: L;
};

/** Where a linear layer stands inside its block. */
export function modulePath(layer: number, module: LinearModule): string {
  return `layers.${layer}.${FEED_FORWARD.has(module) ? 'mlp' : 'self_attn'}.${module}`;
}

/**
 * The weights of a checkpoint as a tree. Nothing is copied: a matrix enters a product as [out, in] with a transposed
 * operand, which ONNX Runtime packs as fast as it does [in, out].
 */
export function llamaParameters({ config, tensors }: Checkpoint): LlamaParameters<FloatTensor> {
  const named = (name: string): FloatTensor => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new RangeError(`llamaParameters: the checkpoint has no tensor ${name}`);
    return tensor;
  };
  const embedding = named('model.embed_tokens.weight');
  return {
    embedding,
    layers: Array.from({ length: config.layers }, (_, layer) => {
      const norm = (name: string): FloatTensor => named(`model.layers.${layer}.${name}.weight`);
      const linear = (module: LinearModule): FloatTensor => named(`model.${modulePath(layer, module)}.weight`);
      return {
        input_layernorm: norm('input_layernorm'),
        q_proj: linear('q_proj'),
        k_proj: linear('k_proj'),
        v_proj: linear('v_proj'),
        o_proj: linear('o_proj'),
        post_attention_layernorm: norm('post_attention_layernorm'),
        gate_proj: linear('gate_proj'),
        up_proj: linear('up_proj'),
        down_proj: linear('down_proj'),
      };
    }),
    norm: named('model.norm.weight'),
    head: config.tiedEmbeddings ? embedding : named('lm_head.weight'),
  };
}
