import { requireInteger, TestbedError } from '../errors.js';
import { BOS_ID, EOS_ID, PAD_ID } from '../tokenizer-json.js';
import { BASE_VOCABULARY } from './byte-tokenizer.js';

/** Options of {@link writeRandomLlama}. */
export interface RandomLlamaOptions {
  /** Everything follows from it. */
  readonly seed: number;
  /** Width of the residual stream. Default 64. */
  readonly hidden?: number;
  /** Decoder blocks. Default 2. */
  readonly layers?: number;
  /** Query heads; `hidden / heads` is even. Default 4. */
  readonly heads?: number;
  /** Key and value heads; divides `heads`. Default 2. */
  readonly keyValueHeads?: number;
  /** Width of the feed-forward block. Default: 8/3 of `hidden`, rounded up to a multiple of 8. */
  readonly intermediate?: number;
  /** Size of the vocabulary, at least 259 (three special tokens and 256 bytes); fewer where the prompts give fewer merges. Default 1024. */
  readonly vocabulary?: number;
  /** Longest context in tokens. Default 2048. */
  readonly maxPositions?: number;
  /** Whether the output head is the embedding table. Default true. */
  readonly tied?: boolean;
}

/** The options with nothing left open. */
export type Architecture = Required<RandomLlamaOptions>;

/** @throws TestbedError `TESTBED_OPTION` for sizes that do not make a Llama. */
export function completeArchitecture(options: RandomLlamaOptions): Architecture {
  const { hidden = 64, layers = 2, heads = 4, keyValueHeads = 2, vocabulary = 1024, maxPositions = 2048, tied = true, seed } = options;
  const intermediate = options.intermediate ?? 8 * Math.ceil(hidden / 3);
  requireInteger('testbed.seed', seed, 0, Number.MAX_SAFE_INTEGER);
  requireInteger('testbed.vocabulary', vocabulary, BASE_VOCABULARY, 1_000_000);
  for (const [option, value] of Object.entries({ hidden, layers, heads, keyValueHeads, intermediate, maxPositions })) {
    requireInteger(`testbed.${option}`, value, 1, 1_000_000);
  }
  if (hidden % (2 * heads) !== 0) {
    throw new TestbedError('TESTBED_OPTION', `testbed.hidden is ${hidden} with ${heads} heads`, {
      expected: 'a multiple of twice the heads',
    });
  }
  if (heads % keyValueHeads !== 0) {
    throw new TestbedError('TESTBED_OPTION', `testbed.keyValueHeads is ${keyValueHeads}`, { expected: `a divisor of the ${heads} heads` });
  }
  return { hidden, layers, heads, keyValueHeads, intermediate, vocabulary, maxPositions, tied, seed };
}

/** The content of config.json. `vocabulary` is the tokenizer's own size. */
export function configJson(
  { hidden, layers, heads, keyValueHeads, intermediate, maxPositions, tied }: Architecture,
  vocabulary: number,
): object {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    attention_bias: false,
    attention_dropout: 0,
    bos_token_id: BOS_ID,
    eos_token_id: EOS_ID,
    pad_token_id: PAD_ID,
    dtype: 'float32',
    head_dim: hidden / heads,
    hidden_act: 'silu',
    hidden_size: hidden,
    intermediate_size: intermediate,
    max_position_embeddings: maxPositions,
    mlp_bias: false,
    num_attention_heads: heads,
    num_hidden_layers: layers,
    num_key_value_heads: keyValueHeads,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    rope_scaling: null,
    tie_word_embeddings: tied,
    vocab_size: vocabulary,
  };
}
