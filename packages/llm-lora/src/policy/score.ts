import { CompiledCache, mapTree, specOf, type HostTensor, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import type { HostTreeOf, Score, ScoreHead } from '@expctr/language-model/training';
import type * as tf from '@tensorflow/tfjs';
import { applied, loraInputs, type HostLora, type LoraInputs } from '../lora/applied-lora.js';
import type { TracedWeights } from '../model/weights.js';
import { planBatch, shapeKey, unpadColumn, type BatchPart } from './batch-plan.js';
import { lifetimeOf, type PolicyContext } from './context.js';
import { checkBatch } from './token-batch.js';
import { partInputs, partSpecs, tracedOutputs, type PartInputs } from './traced-outputs.js';
import { compileProgram, type Program } from './program.js';

type Outputs = Record<string, HostTensor>;

/** A scoring pass whose functions are compiled by shape as batches come. */
export function createScore<P>(context: PolicyContext, head: ScoreHead<P>): Score<P> {
  const cache = new CompiledCache<Program<Outputs>>(context.limits.compiledFunctions);
  const lifetime = lifetimeOf(context, 'score', () => cache.clear());
  const run: Score<P>['run'] = async (batch, adapter, extra) => {
    lifetime.check();
    checkBatch(batch, context.weights.config);
    const lora = await context.lora(adapter);
    const columns: Record<string, Float32Array[]> = {};
    for (const part of planBatch(batch, context.limits.batchTokens)) {
      const key = `${shapeKey(part.shape)},${lora?.structure ?? 'base'}`;
      const outputs = await cache.use(
        key,
        () => compileScorePart(context, head, part, lora, extra),
        (compiled) =>
          compiled.run([context.weights.tree, loraInputs(lora), partInputs(context.weights, part, batch.temperature ?? 1), extra]),
      );
      for (const [name, { data }] of Object.entries(outputs)) {
        unpadColumn(part, data as Float32Array, batch.responses, (columns[name] ??= []));
      }
    }
    return columns;
  };
  return { run, dispose: lifetime.dispose };
}

function compileScorePart<P>(
  { weights, compileOptions }: PolicyContext,
  head: ScoreHead<P>,
  { shape }: BatchPart,
  lora: HostLora | null,
  extra: HostTreeOf<P>,
): Promise<Program<Outputs>> {
  const traced = (
    tracedWeights: TracedWeights,
    inputs: LoraInputs<tf.Tensor>,
    part: PartInputs<tf.Tensor>,
    values: P,
  ): Record<string, tf.Tensor2D> =>
    head(tracedOutputs(weights, tracedWeights, part, { shape, lora: applied(lora, inputs), withGradients: false }), values);
  const specs = [
    weights.specs,
    mapTree<unknown, [HostTensor], TensorSpec>(loraInputs(lora), specOf),
    partSpecs(weights, shape),
    mapTree<unknown, [HostTensor], TensorSpec>(extra, specOf),
  ];
  return compileProgram(traced, specs, { ...compileOptions, name: `score ${shapeKey(shape)}` });
}
