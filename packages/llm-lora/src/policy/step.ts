import { flattenTree, type HostTensor, type Optimizer } from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import type { FloatTensor } from '../formats/host-tensor.js';
import { adapterOf, type LoraTree } from '../lora/lora-tree.js';
import { planBatch } from './batch-plan.js';
import type { PolicyContext } from './context.js';
import { PolicyError } from './errors.js';
import { createGradientPass } from './gradient-pass.js';
import { createUpdatePass } from './update-pass.js';
import { exportTree, importTree } from './step-state.js';
import { checkBatch, type HostTreeOf, type TokenBatch, type TokenOutputs, type TracedBatch } from './token-batch.js';

/** A loss as plain tfjs code: a sum over the tokens at hand, divided by a number that all micro-batches share. */
export type StepLoss<P> = (
  outputs: TokenOutputs,
  batch: TracedBatch,
  extra: P,
) => {
  /** What is differentiated. */
  readonly loss: tf.Scalar;
  /** Summed over micro-batches. */
  readonly metrics: Readonly<Record<string, tf.Scalar>>;
  /** The largest over micro-batches. */
  readonly maxima?: Readonly<Record<string, tf.Scalar>>;
};

/** Options of one {@link TrainStep.run}. */
export interface StepOptions {
  /** Handed to the optimizer as `context.learningRate`. Default: the optimizer's own. */
  readonly learningRate?: number;
  /** Sees metrics and maxima of the whole minibatch before anything is updated; true leaves out the update. */
  readonly skip?: (metrics: Readonly<Record<string, number>>) => boolean;
}

/** What one {@link TrainStep.run} did. */
export interface StepResult {
  /** Metrics and maxima of the loss over all micro-batches, and `loss` itself. */
  readonly metrics: Record<string, number>;
  /** True when `skip` said so or the gradient norm is not finite: neither parameters nor optimizer state have changed. */
  readonly skipped: boolean;
  /** Global L2 norm of the summed gradient (adapter and extra), before any clipping. */
  readonly gradientNorm: number;
}

/** A compiled training step with the optimizer state of an adapter and of the parameters beside it. */
export interface TrainStep<P> {
  /** One optimizer update from the summed gradients of `microBatches`. */
  run(microBatches: readonly TokenBatch[], options?: StepOptions): Promise<StepResult>;
  /** The current values of the parameters trained beside the adapter. */
  extra(): HostTreeOf<P>;
  /** Optimizer moments of the adapter, `extra` and its moments; the adapter's own tensors are not in it. */
  exportState(): Record<string, HostTensor>;
  /** Takes back what {@link exportState} gave. @throws {@link PolicyError} when names or shapes do not fit */
  importState(state: Readonly<Record<string, HostTensor>>): void;
  /** Frees the compiled functions. */
  dispose(): Promise<void>;
}

/** What is trained: the adapter's factors and the parameters beside them. */
export interface Trainable<P> {
  readonly lora: LoraTree<FloatTensor>;
  readonly extra: HostTreeOf<P>;
}

/** A training step of the adapter that is active now. @throws {@link PolicyError} where there is none */
export async function createStep<P>(
  context: PolicyContext,
  loss: StepLoss<P>,
  optimizer: Optimizer,
  initialExtra: HostTreeOf<P>,
): Promise<TrainStep<P>> {
  const { adapters, limits, weights } = context;
  const name = adapters.active;
  if (name === '') {
    throw new PolicyError('ADAPTER_NONE', 'there is no adapter to train', {
      where: 'compileStep',
      expected: 'an active adapter',
      remedy: 'call adapters.create(name, rng) first',
    });
  }
  let extra = initialExtra;
  const { scale, tree } = adapters.host(name);
  const gradients = createGradientPass(context, loss, scale);
  const update = await createUpdatePass<P>(context, optimizer, { lora: tree, extra });
  let state = update.initialState;

  return {
    async run(microBatches, options = {}) {
      microBatches.forEach((batch) => checkBatch(batch, weights.config));
      const trainable = { lora: adapters.host(name).tree, extra };
      const totals = gradients.begin(trainable);
      for (const batch of microBatches) {
        for (const part of planBatch(batch, limits.batchTokens)) await gradients.add(totals, trainable, batch, part);
      }
      const metrics = totals.metrics();
      const gradientNorm = normOf(totals.gradients);
      const skipped = !Number.isFinite(gradientNorm) || (options.skip?.(metrics) ?? false);
      if (!skipped) {
        const next = await update.run(trainable, totals.gradients, state, options.learningRate);
        state = next.state;
        extra = next.trainable.extra;
        adapters.set(name, adapterOf(adapters.get(name).config, next.trainable.lora));
      }
      return { metrics, skipped, gradientNorm };
    },
    extra: () => extra,
    exportState: () => ({ ...exportTree('extra', extra), ...exportTree('optimizer', state) }),
    importState(saved) {
      const before = { extra, state };
      extra = importTree('extra', before.extra, saved);
      state = importTree('optimizer', before.state, saved);
    },
    async dispose() {
      await Promise.all([gradients.dispose(), update.dispose()]);
    },
  };
}

/** Global L2 norm, accumulated in double precision. */
function normOf(tree: unknown): number {
  let sum = 0;
  for (const { data } of flattenTree<HostTensor>(tree)) for (let i = 0; i < data.length; i += 1) sum += data[i]! * data[i]!;
  return Math.sqrt(sum);
}
