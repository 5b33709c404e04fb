import type { HostTreeOf, StepLoss, TrainStep } from '@expctr/language-model/training';
import { flattenTree, type HostTensor, type Optimizer } from '@expctr/tfjs-backend-onnx';
import type { FloatTensor } from '../formats/host-tensor.js';
import type { HostLora } from '../lora/applied-lora.js';
import { adapterOf, type LoraTree } from '../lora/lora-tree.js';
import { planBatch } from './batch-plan.js';
import { lifetimeOf, type PolicyContext } from './context.js';
import { PolicyError } from './errors.js';
import { createGradientPass } from './gradient-pass.js';
import { createUpdatePass } from './update-pass.js';
import { exportTree, importTree } from './step-state.js';
import { checkBatch } from './token-batch.js';

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
  const gradients = createGradientPass(context, loss);
  const update = await createUpdatePass<P>(context, optimizer, { lora: factorsOf(adapters.host(name)), extra });
  let state = update.initialState;
  const lifetime = lifetimeOf(context, 'step', () => Promise.all([gradients.dispose(), update.dispose()]));

  return {
    async run(microBatches, options = {}) {
      lifetime.check();
      microBatches.forEach((batch) => checkBatch(batch, weights.config));
      const lora = (await context.lora(name))!; // there is one of this name
      const trainable = { lora: factorsOf(lora), extra };
      const totals = gradients.begin(trainable);
      for (const batch of microBatches) {
        for (const part of planBatch(batch, limits.batchTokens)) await gradients.add(totals, trainable, lora, batch, part);
      }
      const metrics = totals.metrics();
      const gradientNorm = normOf(totals.gradients);
      const skipped = !Number.isFinite(gradientNorm) || (options.skip?.(metrics) ?? false);
      if (!skipped) {
        const next = await update.run(trainable, totals.gradients, state, options.learningRate);
        adapters.set(name, adapterOf(adapters.get(name).config, next.trainable.lora, adapters.sites)); // refuses what is not finite
        state = next.state;
        extra = next.trainable.extra;
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
    dispose: lifetime.dispose,
  };
}

function factorsOf({ inputs }: HostLora): LoraTree<FloatTensor> {
  return inputs.factors as LoraTree<FloatTensor>;
}

/** Global L2 norm, accumulated in double precision. */
function normOf(tree: unknown): number {
  let sum = 0;
  for (const { data } of flattenTree<HostTensor>(tree)) for (let i = 0; i < data.length; i += 1) sum += data[i]! * data[i]!;
  return Math.sqrt(sum);
}
