// How many operations the forward pass of a language model needs, and how many bytes a decoding step reads, by the sizes in its config.json.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { wrongUse } from './arguments.js';

const SIZES = ['hidden_size', 'intermediate_size', 'num_hidden_layers', 'num_attention_heads', 'vocab_size'] as const;

/** Some prompts, each read once, and responses that go on from them. */
export interface ForwardPass {
  readonly prompts: number;
  /** Responses to each prompt. */
  readonly completions: number;
  /** Tokens of a prompt, and of a response. */
  readonly prompt: number;
  readonly response: number;
  /** Positions whose logits are asked for; default: those of all response tokens. */
  readonly logits?: number;
}

/** Sizes of a model. */
interface Sizes {
  readonly layers: number;
  /** Width of a token's queries, and of its keys. */
  readonly queries: number;
  readonly keys: number;
  /** Numbers in the matrices of all blocks, and in the head. */
  readonly weights: number;
  readonly head: number;
}

async function sizesOf(folder: string): Promise<Sizes> {
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, number>;
  const [hidden, inner, layers, heads, vocabulary] = SIZES.map(
    (name) => config[name] ?? wrongUse(`${folder}/config.json has no ${name}`),
  ) as [number, number, number, number, number];
  const width = config['head_dim'] ?? hidden / heads;
  const queries = heads * width;
  const keys = (config['num_key_value_heads'] ?? heads) * width;
  return { layers, queries, keys, weights: layers * (hidden * (2 * queries + 2 * keys) + 3 * hidden * inner), head: hidden * vocabulary };
}

/** Operations of a forward pass of the model in a folder, of the shape of Llama. */
export async function forwardOperations(folder: string, { prompts, completions, prompt, response, logits }: ForwardPass): Promise<number> {
  const { layers, queries, weights, head } = await sizesOf(folder);
  const rows = prompts * completions * response;
  const tokens = prompts * prompt + rows;
  // a query meets what stands before it: half of its own part on average, and the prompt
  const meetings = (prompts * prompt ** 2) / 2 + rows * (prompt + response / 2);
  return 2 * tokens * weights + 4 * layers * queries * meetings + 2 * (logits ?? rows) * head;
}

/** Bytes that a decoding step reads: all weights, and the keys and values of `sequences` of `length` tokens in float32. */
export async function decodingBytes(folder: string, sequences: number, length: number, bytesOfWeight: number): Promise<number> {
  const { layers, keys, weights, head } = await sizesOf(folder);
  return bytesOfWeight * (weights + head) + 4 * 2 * layers * keys * sequences * length;
}
