import {
  CompiledCache,
  flattenTree,
  mapTree,
  spec,
  specOf,
  valueAndGradWithAux,
  type HostTensor,
  type TensorSpec,
} from '@expctr/tfjs-backend-onnx';
import type { StepLoss, TokenBatch, TracedPairs } from '@expctr/language-model/training';
import type * as tf from '@tensorflow/tfjs';
import { applied, type HostLora, type LoraConstants } from '../lora/applied-lora.js';
import type { LoraTree } from '../lora/lora-tree.js';
import type { TracedWeights } from '../model/weights.js';
import { padColumn, shapeKey, type BatchPart, type BatchShape } from './batch-plan.js';
import type { PolicyContext } from './context.js';
import type { Trainable } from './trainable.js';
import { partInputs, partSpecs, tracedOutputs, type PartInputs } from './traced-outputs.js';
import { compileProgram, type Program } from './program.js';

interface PassOutputs<P> {
  readonly gradients: Trainable<P>;
  readonly loss: HostTensor;
  readonly metrics: Record<string, HostTensor>;
  readonly maxima: Record<string, HostTensor>;
}

type BatchInputs<L> = {
  readonly columns: Record<string, L>;
  readonly scalars: Record<string, L>;
  /** Empty where the batch has no pairs. */
  readonly pairs: { readonly [K in keyof TracedPairs]: L } | Record<string, never>;
};

/** Sums over the parts of a minibatch. */
export class Totals<P> {
  /** Zero until the first part. */
  gradients: Trainable<P>;
  readonly #sums = new Map<string, number>([['loss', 0]]);
  readonly #maxima = new Map<string, number>();

  constructor(zero: Trainable<P>) {
    this.gradients = zero;
  }

  /** Takes in what a part gave. */
  add({ gradients, loss, metrics, maxima }: PassOutputs<P>): void {
    const values = flattenTree<HostTensor>(gradients);
    flattenTree<HostTensor>(this.gradients).forEach(({ data }, leaf) => {
      const other = values[leaf]!.data;
      for (let i = 0; i < data.length; i += 1) data[i] = data[i]! + other[i]!;
    });
    for (const [name, { data }] of Object.entries({ ...metrics, loss })) this.#sums.set(name, (this.#sums.get(name) ?? 0) + data[0]!);
    for (const [name, { data }] of Object.entries(maxima)) this.#maxima.set(name, Math.max(this.#maxima.get(name) ?? -Infinity, data[0]!));
  }

  /** Metrics and maxima over all parts, and the loss. */
  metrics(): Record<string, number> {
    return Object.fromEntries([...this.#sums, ...this.#maxima]);
  }
}

/** Gradients of a loss over the parts of a minibatch. */
export interface GradientPass<P> {
  begin(trainable: Trainable<P>): Totals<P>;
  /** @param lora the adapter whose factors are trained */
  add(totals: Totals<P>, trainable: Trainable<P>, lora: HostLora, batch: TokenBatch, part: BatchPart): Promise<void>;
  dispose(): Promise<void>;
}

/** Forward and backward pass, compiled by shape; what comes out are gradients and metrics, which JavaScript sums. */
export function createGradientPass<P>(context: PolicyContext, loss: StepLoss<P>): GradientPass<P> {
  const { weights, limits } = context;
  const cache = new CompiledCache<Program<PassOutputs<P>>>(limits.compiledFunctions);
  return {
    begin: (trainable) => new Totals(mapTree<unknown, [HostTensor], HostTensor>(trainable, zeroLike) as unknown as Trainable<P>),
    async add(totals, trainable, lora, batch, part) {
      const constants = constantsOf(lora);
      const columns = mapValues(batch.columns ?? {}, (column) => padColumn(part, column));
      const scalars = mapValues(batch.scalars ?? {}, (value) => Float32Array.of(value));
      const inputs = { columns, scalars, pairs: part.pairs ?? {} };
      const key = `${shapeKey(part.shape)};${Object.keys(columns).join()};${Object.keys(scalars).join()}`;
      const outputs = await cache.use(
        key,
        () => compilePass(context, loss, lora, part.shape, trainable, batch),
        (compiled) => compiled.run([weights.tree, trainable, constants, partInputs(weights, part, batch.temperature ?? 1), inputs]),
      );
      totals.add(outputs);
    },
    dispose: () => cache.clear(),
  };
}

function compilePass<P>(
  { weights, limits: { recomputeLayers = false }, compileOptions }: PolicyContext,
  loss: StepLoss<P>,
  adapter: HostLora,
  shape: BatchShape,
  trainable: Trainable<P>,
  batch: TokenBatch,
): Promise<Program<PassOutputs<P>>> {
  type Traced = { readonly lora: LoraTree<tf.Tensor>; readonly extra: P };
  const traced = (
    tracedWeights: TracedWeights,
    values: Traced,
    constants: LoraConstants<tf.Tensor>,
    part: PartInputs<tf.Tensor>,
    inputs: BatchInputs<tf.Tensor>,
  ): unknown => {
    const { value, grads, aux } = valueAndGradWithAux(({ lora, extra }: Traced) => {
      const own = applied(adapter, { factors: lora, ...constants });
      const outputs = tracedOutputs(weights, tracedWeights, part, { shape, lora: own, withGradients: true, recompute: recomputeLayers });
      const { columns, scalars } = inputs as { columns: Record<string, tf.Tensor2D>; scalars: Record<string, tf.Scalar> };
      const pairs = shape.pairs === 0 ? {} : { pairs: inputs.pairs as TracedPairs };
      const result = loss(outputs, { mask: part.mask as tf.Tensor2D, columns, scalars, ...pairs }, extra);
      return { loss: result.loss, aux: { metrics: result.metrics, maxima: result.maxima ?? {} } };
    })(values);
    return { gradients: grads, loss: value, ...aux };
  };
  const specs = [
    weights.specs,
    specsOf(trainable),
    specsOf(constantsOf(adapter)),
    partSpecs(weights, shape),
    {
      columns: mapValues(batch.columns ?? {}, () => spec([shape.rows, shape.response])),
      scalars: mapValues(batch.scalars ?? {}, () => spec([])),
      pairs: shape.pairs === 0 ? {} : pairSpecs(shape.pairs),
    },
  ];
  return compileProgram(traced, specs, { ...compileOptions, name: `step ${shapeKey(shape)}` });
}

function pairSpecs(count: number): Record<keyof TracedPairs, TensorSpec> {
  return { chosen: spec([count], 'int32'), rejected: spec([count], 'int32'), mask: spec([count]) };
}

function constantsOf({ inputs: { scales, norms } }: HostLora): LoraConstants<HostTensor> {
  return { scales, norms };
}

function specsOf(tree: unknown): unknown {
  return mapTree<unknown, [HostTensor], TensorSpec>(tree, specOf);
}

function zeroLike({ data, shape, dtype }: HostTensor): HostTensor {
  return { data: new (data.constructor as new (length: number) => HostTensor['data'])(data.length), shape, dtype };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
