import type { TensorEntry, TensorLayout } from '../families/layout.js';
import { FormatError } from '../formats/errors.js';
import type { FloatTensor, StoredTensor } from '../formats/host-tensor.js';

/**
 * Weights of a model; `L` is a tfjs tensor while a function is traced, a host tensor outside, or a spec, and `M` a matrix that
 * products are taken with: as stored in the checkpoint, or small.
 */
export type ParameterTree<
  L,
  M = L,
  LinearKey extends string = string,
  LayerKey extends string = string,
  OuterKey extends string = string,
> = {
  /** [vocabulary, width] */
  readonly embedding: M;
  /** The linear layers of each block, [out, in]. */
  readonly linears: readonly { readonly [K in LinearKey]: M }[];
  /** The other weights of each block. */
  readonly layers: readonly { readonly [K in LayerKey]: L }[];
  /** Weights outside of the blocks: the final norm, say. */
  readonly outer: { readonly [K in OuterKey]: L };
  /** [vocabulary, hidden]; the embedding itself where the head is tied. */
  readonly head: M;
};

/**
 * The weights of a checkpoint as a tree. Nothing is copied: a matrix enters a product as [out, in] with a transposed operand,
 * which ONNX Runtime packs as fast as it does [in, out].
 * @throws FormatError `CHECKPOINT_MISSING_TENSOR`
 */
export function parameterTree<LinearKey extends string, LayerKey extends string, OuterKey extends string, T extends StoredTensor>(
  { blocks, linears, layer, embedding, outer, head }: TensorLayout<LinearKey, LayerKey, OuterKey>,
  {
    config,
    tensors,
    source,
  }: { readonly config: { readonly layers: number }; readonly tensors: ReadonlyMap<string, T>; readonly source: string },
): ParameterTree<FloatTensor, T, LinearKey, LayerKey, OuterKey> {
  const named = (name: string): T => {
    const tensor = tensors.get(name);
    if (tensor !== undefined) return tensor;
    throw new FormatError('CHECKPOINT_MISSING_TENSOR', `the checkpoint has no tensor ${name}`, {
      where: source,
      expected: 'all tensors of its model family',
      remedy: 'load it with loadCheckpoint, or add the tensor under this name',
    });
  };
  const plain = (name: string): FloatTensor => named(name) as StoredTensor as FloatTensor; // matrices and tables alone are stored small
  const table = named(embedding.name);
  const inBlocks = <K extends string, V>(entries: { readonly [Key in K]: TensorEntry }, find: (name: string) => V): { [Key in K]: V }[] =>
    Array.from({ length: config.layers }, (_, index) => mapEntries(entries, ({ name }) => find(`${blocks}.${index}.${name}`)));
  return {
    embedding: table,
    linears: inBlocks(linears, named),
    layers: inBlocks(layer, plain),
    outer: mapEntries(outer, ({ name }) => plain(name)),
    head: head === null ? table : named(head.name),
  };
}

function mapEntries<K extends string, A, B>(entries: { readonly [Key in K]: A }, change: (entry: A) => B): { [Key in K]: B } {
  return Object.fromEntries(Object.entries<A>(entries).map(([key, entry]) => [key, change(entry)])) as { [Key in K]: B };
}
