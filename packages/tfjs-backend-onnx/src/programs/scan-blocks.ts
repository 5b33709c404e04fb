import * as tf from '@tensorflow/tfjs';
import { compile, type CompileOptions } from '../compile.js';
import type { CompiledFunction } from '../compiled-function.js';
import { valueAndGrad } from '../gradients.js';
import type { InputsOf, OutputsOf, TensorsOf } from '../signature.js';
import { flattenTree } from '../tree.js';

/** What a block of a stack takes, as trees of specs. */
export interface BlockSpecs<T, F, C, S> {
  /** Parameters of one block that gradients are taken of. */
  readonly trained: T;
  /** Weights of one block without gradients. */
  readonly frozen: F;
  /** What goes from block to block, float32: the hidden state. */
  readonly carry: C;
  /** What all blocks see: masks, tables of positions. */
  readonly shared: S;
}

/** Parameters of one block. */
export interface BlockWeights<T, F> {
  /** Weights with a gradient. */
  readonly trained: InputsOf<T>;
  /** Weights without. */
  readonly frozen: InputsOf<F>;
}

/** What {@link ScannedBlocks.forward} gives. */
export interface ScannedForward<C> {
  /** The state behind the last block. */
  readonly carry: OutputsOf<TensorsOf<C>>;
  /** The state before each block, which `backward` wants. */
  readonly before: readonly InputsOf<C>[];
}

/** What {@link ScannedBlocks.backward} gives. */
export interface ScannedBackward<T, C> {
  /** Gradients of each block's trained weights. */
  readonly trained: readonly OutputsOf<TensorsOf<T>>[];
  /** Gradient of the state before the first block. */
  readonly carry: OutputsOf<TensorsOf<C>>;
}

/** A stack of equal blocks as two compiled functions, however many blocks there are. */
export interface ScannedBlocks<T, F, C, S> {
  /** Runs the blocks, the first to the last. */
  forward(layers: readonly BlockWeights<T, F>[], carry: InputsOf<C>, shared: InputsOf<S>): Promise<ScannedForward<C>>;
  /**
   * Gradients, from the last block to the first; each block is computed again from the state before it.
   * @param gradient d loss / d state behind the last block
   */
  backward(
    layers: readonly BlockWeights<T, F>[],
    before: readonly InputsOf<C>[],
    shared: InputsOf<S>,
    gradient: InputsOf<C>,
  ): Promise<ScannedBackward<T, C>>;
  /** Frees both functions. */
  dispose(): Promise<void>;
}

/**
 * Compiles one block for a stack of them, whose weights go in as inputs: a model of any depth compiles in the time of one block, and
 * keeps no more than one state for each. The price of a step is one more forward pass and the copies of the states that come out.
 *
 * @param block the state behind a block, of the same shapes as `carry`
 */
export async function scanBlocks<const T, const F, const C, const S>(
  block: (trained: TensorsOf<T>, frozen: TensorsOf<F>, carry: TensorsOf<C>, shared: TensorsOf<S>) => TensorsOf<C>,
  { trained, frozen, carry, shared }: BlockSpecs<T, F, C, S>,
  options: Omit<CompileOptions, 'saved' | 'argumentNames' | 'outputNames'> = {},
): Promise<ScannedBlocks<T, F, C, S>> {
  const name = options.name ?? 'block';
  const gradients = (t: TensorsOf<T>, f: TensorsOf<F>, c: TensorsOf<C>, s: TensorsOf<S>, gradient: TensorsOf<C>): unknown => {
    const along = (wanted: { trained: TensorsOf<T>; carry: TensorsOf<C> }): tf.Tensor =>
      dot(block(wanted.trained, f, wanted.carry, s), gradient);
    return valueAndGrad(along)({ trained: t, carry: c }).grads;
  };
  const argumentNames = ['trained', 'frozen', 'carry', 'shared', 'gradient'];
  const specs = [trained, frozen, carry, shared];
  const make = compile as unknown as (fn: unknown, specs: readonly unknown[], options: CompileOptions) => Promise<CompiledFunction>;
  const forward = await make(block, specs, { ...options, argumentNames, name: `${name} forward` });
  const backward = await make(gradients, [...specs, carry], { ...options, argumentNames, name: `${name} backward` });

  return {
    async forward(layers, first, common) {
      const before: InputsOf<C>[] = [];
      let state = first;
      for (const layer of layers) {
        before.push(state);
        state = (await forward.run([layer.trained, layer.frozen, state, common])) as InputsOf<C>;
      }
      return { carry: state as unknown as OutputsOf<TensorsOf<C>>, before };
    },
    async backward(layers, before, common, gradient) {
      const grads: OutputsOf<TensorsOf<T>>[] = [];
      let state = gradient;
      for (let at = layers.length - 1; at >= 0; at -= 1) {
        const layer = layers[at]!;
        const result = await backward.run([layer.trained, layer.frozen, before[at], common, state]);
        const made = result as { trained: OutputsOf<TensorsOf<T>>; carry: InputsOf<C> };
        grads.unshift(made.trained);
        state = made.carry;
      }
      return { trained: grads, carry: state as unknown as OutputsOf<TensorsOf<C>> };
    },
    async dispose() {
      await Promise.all([forward.dispose(), backward.dispose()]);
    },
  };
}

/** Sum of products of two trees: its gradient to the first is the second. */
function dot(tree: unknown, other: unknown): tf.Tensor {
  const others = flattenTree(other);
  return tf.addN(flattenTree(tree).map((leaf, i) => tf.sum(tf.mul(leaf, others[i]!))));
}
