import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import type { FloatTensor } from '../formats/host-tensor.js';
import type { LoraLayer, LoraPair, LoraTree } from './lora-tree.js';

/** What a compiled function takes of an adapter beside its factors. */
export type LoraConstants<L> = {
  /** [] each: the different scales of the adapter, one where no pattern gives another. */
  readonly scales: readonly L[];
  /** Of DoRA: [out], |W + scale B A| row by row, by block and layer; empty otherwise. A gradient takes it for a constant, as PEFT does. */
  readonly norms: readonly { readonly [key: string]: L }[];
};

/** An adapter as an argument of compiled functions. */
export type LoraInputs<L> = LoraConstants<L> & { readonly factors: LoraTree<L> };

/** An adapted layer in a traced function. */
export type AppliedPair<L> = LoraPair<L> & {
  /** What B A is multiplied by, a scalar. */
  readonly scale: L;
  /** Length of each row of W + scale B A, `[out]`, beside magnitudes. */
  readonly norm?: L;
};

/** The adapted layers of each block in a traced function; empty for no adapter. */
export type AppliedLora<L> = readonly { readonly [key: string]: AppliedPair<L> }[];

/** An adapter in the form that compiled functions take. */
export interface HostLora {
  readonly inputs: LoraInputs<HostTensor>;
  /** The place of each layer's scale among the scales, by block and name. */
  readonly scaleOf: readonly { readonly [key: string]: number }[];
  /** Equal for adapters that the same compiled functions serve: those on the same layers, with the same ranks and as many scales. */
  readonly structure: string;
}

/** What a compiled function takes for an adapter: an empty tree for none. */
export function loraInputs(lora: HostLora | null): LoraInputs<HostTensor> | readonly never[] {
  return lora === null ? [] : lora.inputs;
}

/** The same inside of the function. @param lora what the function was compiled for */
export function applied<L>(lora: Pick<HostLora, 'scaleOf'> | null, inputs: LoraInputs<L>): AppliedLora<L> {
  if (lora === null) return [];
  const { factors, scales, norms } = inputs;
  return factors.map((layer, index) =>
    Object.fromEntries(
      Object.entries(layer).map(([key, pair]) => {
        const norm = norms[index]?.[key];
        return [key, { ...pair, scale: scales[lora.scaleOf[index]![key]!]!, ...(norm === undefined ? {} : { norm }) }] as const;
      }),
    ),
  );
}

/** @param tree the factors @param scaleFor what B A is multiplied by in a layer of a block */
export function hostLora(tree: LoraTree<FloatTensor>, scaleFor: (index: number, key: string) => number): HostLora {
  const values: number[] = [];
  const scaleOf = tree.map((layer, index) =>
    Object.fromEntries(
      Object.keys(layer).map((key) => {
        const scale = scaleFor(index, key);
        if (!values.includes(scale)) values.push(scale);
        return [key, values.indexOf(scale)] as const;
      }),
    ),
  );
  const scales = values.map((value): HostTensor => ({ data: Float32Array.of(value), shape: [], dtype: 'float32' }));
  return { inputs: { factors: tree, scales, norms: [] }, scaleOf, structure: structureOf(tree, scaleOf) };
}

/** Whether some layer has magnitudes. */
export function isDecomposed({ inputs: { factors } }: HostLora): boolean {
  return factors.some((layer) => Object.values(layer).some(({ magnitude }) => magnitude !== undefined));
}

function structureOf(tree: LoraTree<FloatTensor>, scaleOf: HostLora['scaleOf']): string {
  const layerOf = (layer: LoraLayer<FloatTensor>, index: number): string =>
    Object.entries(layer)
      .map(([key, { a, magnitude }]) => `${key}${a.shape[0]}${magnitude === undefined ? '' : 'm'}/${scaleOf[index]![key]}`)
      .join();
  return tree.map(layerOf).join(';');
}
