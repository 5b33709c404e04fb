import type { HostArray, TensorSpec } from '@expctr/tfjs-backend-onnx';

/** What a family's graphs take of positions, by name; `L` is a tensor while traced, a spec or an array outside. */
export type PositionTree<L, Key extends string = string> = { readonly [K in Key]: L };

/**
 * What is computed of positions outside of the graphs, once for all blocks: tables of cosines and sines, or the positions
 * themselves for a learned embedding. A key-value cache holds each token's position in its rows, so nothing else of a token's
 * place reaches a graph.
 */
export interface PositionInputs<C, Key extends string = string> {
  /** Shapes of {@link values} for `rows` rows of `time` positions; one row serves all sequences where their positions are equal. */
  specs(config: C, rows: number, time: number): PositionTree<TensorSpec, Key>;
  /** @param positions [rows * time], row major, from 0 */
  values(config: C, positions: ArrayLike<number>): PositionTree<HostArray, Key>;
}
