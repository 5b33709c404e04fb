import * as tf from '@tensorflow/tfjs';
import { isSpec, type TensorSpec } from './tensors.js';

/** A leaf, or arrays and plain objects of trees, nested as deep as you like. */
export type Tree<L> = L | readonly Tree<L>[] | { readonly [key: string]: Tree<L> };

/** A tree of symbolic or real tfjs tensors: parameters, gradients, optimizer state. */
export type TensorTree = Tree<tf.Tensor>;

/** A leaf with its place in the tree, as `layers.0.query`. */
export interface NamedLeaf {
  /** Keys from the root, joined by dots; empty for a tree that is a lone leaf. */
  readonly path: string;
  /** The leaf. */
  readonly leaf: unknown;
}

/** Tensors, specs, host tensors, typed arrays, numbers, null and undefined are leaves; arrays and other objects are nodes. */
export function isLeaf(value: unknown): boolean {
  return typeof value !== 'object' || value === null || value instanceof tf.Tensor || ArrayBuffer.isView(value) || isSpec(value);
}

/** The leaves with their paths: arrays by index, objects in the order of their keys. */
export function namedLeaves(tree: unknown, path = ''): NamedLeaf[] {
  if (isLeaf(tree)) return [{ path, leaf: tree }];
  return Object.entries(tree as object).flatMap(([key, child]) => namedLeaves(child, path === '' ? key : `${path}.${key}`));
}

/**
 * The leaves in order: arrays by index, objects in the order of their keys.
 * @returns the leaves; {@link unflattenTree} puts them (or others) back
 */
export function flattenTree<L = tf.Tensor>(tree: unknown): L[] {
  const leaves: L[] = [];
  collect(tree, leaves);
  return leaves;
}

function collect(tree: unknown, leaves: unknown[]): void {
  if (isLeaf(tree)) leaves.push(tree);
  else for (const child of Object.values(tree as object)) collect(child, leaves);
}

/**
 * A tree shaped as `structure` with `leaves` in {@link flattenTree}'s order.
 * @throws RangeError when the count of leaves differs
 */
export function unflattenTree<T>(structure: T, leaves: readonly unknown[]): T {
  let next = 0;
  const rebuilt = mapLeaves(structure, () => {
    if (next >= leaves.length) throw new RangeError(`unflattenTree: ${leaves.length} leaves, but the structure has more`);
    return leaves[next++];
  });
  if (next !== leaves.length) throw new RangeError(`unflattenTree: ${leaves.length} leaves, but the structure has ${next}`);
  return rebuilt as T;
}

function mapLeaves(tree: unknown, change: (leaf: unknown, path: string) => unknown, path = ''): unknown {
  if (isLeaf(tree)) return change(tree, path);
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
  if (Array.isArray(tree)) return tree.map((child, index) => mapLeaves(child, change, at(String(index))));
  return Object.fromEntries(Object.entries(tree as object).map(([key, child]) => [key, mapLeaves(child, change, at(key))]));
}

/**
 * Applies `change` to each leaf, or to the leaves at the same place of several trees of one structure.
 * @param tree gives the structure
 * @param change takes the leaves of `tree` and of `others`, in that order
 * @throws RangeError when the trees have different numbers of leaves
 */
export function mapTree<T, L extends readonly unknown[] = [tf.Tensor], R = tf.Tensor>(
  tree: T,
  change: (...leaves: L) => R,
  ...others: readonly unknown[]
): MappedTree<T, R> {
  const columns = [tree, ...others].map((each) => flattenTree<unknown>(each));
  const count = columns[0]?.length ?? 0;
  for (const column of columns) {
    if (column.length !== count) throw new RangeError(`mapTree: trees of ${count} and ${column.length} leaves`);
  }
  const mapped = Array.from({ length: count }, (_, index) => change(...(columns.map((column) => column[index]) as unknown as L)));
  return unflattenTree<unknown>(tree, mapped) as MappedTree<T, R>;
}

/** {@link mapTree} from tensors to tensors, for trees whose type is not known. */
export function mapTensors(
  change: (...leaves: readonly tf.Tensor[]) => tf.Tensor,
  tree: unknown,
  ...others: readonly unknown[]
): TensorTree {
  return mapTree<unknown, tf.Tensor[]>(tree, change, ...others);
}

/** As {@link mapTree} for one tree, with the path of each leaf. */
export function mapTreeWithPath<T, R>(tree: T, change: (leaf: tf.Tensor, path: string) => R): MappedTree<T, R> {
  return mapLeaves(tree, (leaf, path) => change(leaf as tf.Tensor, path)) as MappedTree<T, R>;
}

/** The structure of `T` with leaves of type `R`. */
export type MappedTree<T, R> = T extends tf.Tensor | TensorSpec | ArrayBufferView | number | null | undefined
  ? R
  : T extends object
    ? { [K in keyof T]: MappedTree<T[K], R> }
    : R;
