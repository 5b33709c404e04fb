import {
  applyUpdates,
  mapTree,
  spec,
  specOf,
  type HostTensor,
  type Optimizer,
  type TensorSpec,
  type TensorTree,
} from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { PolicyContext } from './context.js';
import type { Trainable } from './trainable.js';
import { compileProgram, type Program } from './program.js';

/** A tree of host tensors whose structure is the optimizer's own business. */
export type HostState = unknown;

/** The optimizer as compiled functions. */
export interface UpdatePass<P> {
  readonly initialState: HostState;
  run(
    trainable: Trainable<P>,
    gradients: Trainable<P>,
    state: HostState,
    learningRate: number | undefined,
  ): Promise<{ trainable: Trainable<P>; state: HostState }>;
  dispose(): Promise<void>;
}

/** Compiles the optimizer for what is trained; the gradients come from elsewhere, so an update can be left out. */
export async function createUpdatePass<P>(
  { compileOptions }: PolicyContext,
  optimizer: Optimizer,
  trainable: Trainable<P>,
): Promise<UpdatePass<P>> {
  const parameterSpecs = specsOf(trainable);
  // an optimizer without state would leave a graph without outputs
  const initialize = (params: TensorTree): unknown => ({ state: optimizer.init(params), made: tf.scalar(1) });
  const init = await compileProgram<{ state: HostState }>(initialize, [parameterSpecs], {
    ...compileOptions,
    name: 'optimizer init',
    releaseMemory: false,
  });
  const { state: initialState } = await init.run([trainable]);
  await init.dispose();

  const update = (params: TensorTree, gradients: TensorTree, state: TensorTree, rate: readonly tf.Scalar[]): unknown => {
    const [learningRate] = rate;
    const result = optimizer.update(gradients, state, params, learningRate === undefined ? {} : { learningRate });
    return { trainable: applyUpdates(params, result.updates), state: result.state };
  };
  const compiled = new Map<boolean, Promise<Program<unknown>>>();
  return {
    initialState,
    async run(params, gradients, state, learningRate) {
      const given = learningRate !== undefined;
      let program = compiled.get(given);
      if (program === undefined) {
        const specs = [parameterSpecs, parameterSpecs, specsOf(initialState), given ? [spec([])] : []];
        program = compileProgram(update, specs, { ...compileOptions, name: 'optimizer update', releaseMemory: false });
        compiled.set(given, program);
      }
      const rate = given ? [Float32Array.of(learningRate)] : [];
      return (await (await program).run([params, gradients, state, rate])) as { trainable: Trainable<P>; state: HostState };
    },
    async dispose() {
      for (const program of compiled.values()) await (await program).dispose();
    },
  };
}

function specsOf(tree: unknown): unknown {
  return mapTree<unknown, [HostTensor], TensorSpec>(tree, specOf);
}
