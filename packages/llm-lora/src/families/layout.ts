import { modulePath } from '../formats/peft/names.js';

/** One tensor of a model: what files call it and its shape. */
export interface TensorEntry {
  /** Hugging Face's name; of a tensor in a block what stands behind the block's number: `self_attn.q_proj.weight`. */
  readonly name: string;
  /** llama.cpp's name; of a tensor in a block what stands behind `blk.<number>.`: `attn_q.weight`. */
  readonly gguf: string;
  /** As Hugging Face stores it, but for `transposed`; a linear layer's matrix is [out, in]. */
  readonly shape: readonly number[];
  /** Whether Hugging Face's files hold the transpose, [in, out], as those of GPT-2 do; llama.cpp's do not. Default false. */
  readonly transposed?: boolean;
  /** What llama.cpp's converter adds to every value: 1 to the norms of Gemma. Default 0. */
  readonly ggufAdded?: number;
  /** The heads whose rows llama.cpp's converter permutes for interleaved rotary embeddings. Default: the rows are in order. */
  readonly ggufPermutedHeads?: number;
}

/** All tensors of a model under the names that its family's code has for them. */
export interface TensorLayout<LinearKey extends string = string, LayerKey extends string = string, OuterKey extends string = string> {
  /** The embedding table, [vocabulary, width]. */
  readonly embedding: TensorEntry;
  /** What stands before a block's number in Hugging Face's names: `model.layers`. */
  readonly blocks: string;
  /** The matrices of each block's linear layers, which can carry a LoRA adapter and be stored small. */
  readonly linears: { readonly [K in LinearKey]: TensorEntry };
  /** The other tensors of each block: norms and biases. */
  readonly layer: { readonly [K in LayerKey]: TensorEntry };
  /** The tensors outside of the blocks that are neither embedding table nor head. */
  readonly outer: { readonly [K in OuterKey]: TensorEntry };
  /** The output head, [vocabulary, hidden]; null where it is the embedding table. */
  readonly head: TensorEntry | null;
}

/** A tensor under its full names. */
export interface NamedTensor extends TensorEntry {
  /** Hugging Face's name. */
  readonly name: string;
  /** llama.cpp's name. */
  readonly gguf: string;
}

/** All tensors of a model with so many blocks. */
export function namedTensors(layout: TensorLayout, layers: number): NamedTensor[] {
  const { embedding, linears, layer, outer, head } = layout;
  const inBlocks = tensorsOfBlocks(layout, { ...layer, ...linears }, layers);
  return [embedding, ...inBlocks, ...Object.values(outer), ...(head === null ? [] : [head])];
}

/** Some of the tensors of each block, under their full names: `layout.linears`, say. */
export function tensorsOfBlocks({ blocks }: TensorLayout, entries: Readonly<Record<string, TensorEntry>>, layers: number): NamedTensor[] {
  return Array.from({ length: layers }, (_, index) =>
    Object.values(entries).map((entry) => ({ ...entry, name: `${blocks}.${index}.${entry.name}`, gguf: `blk.${index}.${entry.gguf}` })),
  ).flat();
}

/** A linear layer of a block, which can carry a LoRA adapter. */
export interface LinearLayer {
  /** Its name in the family's code, and in a LoRA tree. */
  readonly key: string;
  /** Its place in a block: `self_attn.q_proj`. PEFT's target names are the last parts of it. */
  readonly module: string;
  /** Width of its input. */
  readonly in: number;
  /** Width of its output. */
  readonly out: number;
}

/** The linear layers of a block, in the order of the layout. */
export function linearLayers({ linears }: TensorLayout): LinearLayer[] {
  return Object.entries(linears).map(([key, { name, shape }]) => {
    const [out = 0, width = 0] = shape;
    return { key, module: name.replace(/\.weight$/, ''), in: width, out };
  });
}

/** Where a linear layer stands in the whole model, as adapters name it: `layers.0.self_attn.q_proj`. */
export function adapterPath({ blocks }: TensorLayout, index: number, { module }: LinearLayer): string {
  return modulePath(`${blocks}.${index}.${module}`);
}
