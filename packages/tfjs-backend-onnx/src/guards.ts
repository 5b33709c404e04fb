import * as tf from '@tensorflow/tfjs';
import { TraceError } from './errors.js';
import { placeOf } from './user-line.js';

/** Methods that keep state between calls; a trace would freeze it. */
const STATEFUL: readonly {
  readonly owner: object;
  readonly method: string;
  readonly shown: string;
  readonly code: 'TRACE_VARIABLE' | 'TRACE_TRAIN_OPTIMIZER';
}[] = [
  { owner: tf.Variable.prototype, method: 'assign', shown: 'Variable.assign', code: 'TRACE_VARIABLE' },
  ...[
    tf.Optimizer,
    tf.SGDOptimizer,
    tf.MomentumOptimizer,
    tf.AdagradOptimizer,
    tf.AdadeltaOptimizer,
    tf.AdamOptimizer,
    tf.AdamaxOptimizer,
    tf.RMSPropOptimizer,
  ].flatMap(({ prototype, name }) =>
    (['minimize', 'applyGradients'] as const)
      .filter((method) => Object.hasOwn(prototype, method))
      .map((method) => ({ owner: prototype, method, shown: `tf.train's ${name}.${method}`, code: 'TRACE_TRAIN_OPTIMIZER' as const })),
  ),
];

/** Runs `work` with tfjs's stateful methods refused, and puts them back. `work` is synchronous, so nobody else sees them. */
export function withoutState<T>(functionName: string, fail: (error: TraceError) => void, work: () => T): T {
  const originals = STATEFUL.map(({ owner, method }) => Object.getOwnPropertyDescriptor(owner, method)!);
  for (const { owner, method, shown, code } of STATEFUL) {
    const refused = (): never => {
      const error = new TraceError(code, `${shown} keeps state between calls, which a trace would freeze`, {
        where: placeOf(functionName, new Error()),
        remedy: "return the new value, and use this package's optimizers (adam, adamw, sgd), whose state goes in and comes out",
      });
      fail(error);
      throw error;
    };
    Object.defineProperty(owner, method, { value: refused, configurable: true, writable: true });
  }
  try {
    return work();
  } finally {
    STATEFUL.forEach(({ owner, method }, i) => Object.defineProperty(owner, method, originals[i]!));
  }
}
