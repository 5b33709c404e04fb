import type { TensorTree } from '../tree.js';
import type { Optimizer, UpdateContext } from './optimizer.js';

/** Runs parts one after the other, each on the updates of the one before (optax `chain`). The state is the array of their states. */
export function chain(...parts: readonly Optimizer[]): Optimizer {
  return {
    init: (params) => parts.map((part) => part.init(params)),
    update<P>(grads: P, state: TensorTree, params: P, context?: UpdateContext) {
      const states = state as readonly TensorTree[];
      let updates = grads;
      const next = parts.map((part, i) => {
        const result = part.update(updates, states[i] ?? [], params, context);
        updates = result.updates;
        return result.state;
      });
      return { updates, state: next };
    },
  };
}
