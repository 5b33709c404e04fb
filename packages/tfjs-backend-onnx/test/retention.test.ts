import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { compile, spec, useOnnx, type CompiledFunction } from '../src/index.js';

await useOnnx();

/** Compiles from a method: its receiver stands on the stack when the function's constants are made. */
class Caller {
  readonly large = new Float32Array(1000);

  async compile(): Promise<CompiledFunction> {
    const compiled = await compile((x: tf.Tensor) => tf.add(x, tf.tensor1d([1, 2, 3])), [spec([3])]);
    return compiled as unknown as CompiledFunction;
  }
}

test('a compiled function keeps nothing alive of those who compiled it', async () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  let caller: Caller | undefined = new Caller();
  const seen = new WeakRef(caller);
  const compiled = await caller.compile();
  caller = undefined;
  await new Promise((resolve) => setTimeout(resolve));
  collect();
  expect(seen.deref()).toBeUndefined();
  await compiled.dispose();
});
