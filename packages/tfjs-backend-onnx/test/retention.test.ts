import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { compile, spec, useOnnx } from '../src/index.js';

await useOnnx();

/** Compiles from a method: its receiver stands on the stack when the function's constants are made. */
class Caller {
  readonly large = new Float32Array(1000);

  async compile() {
    const compiled = await compile((x: tf.Tensor) => tf.add(x, tf.tensor1d([1, 2, 3])), [spec([3])]);
    return compiled;
  }
}

/** In a function of its own, so that no variable of the test holds the caller. */
async function compiledElsewhere() {
  const caller = new Caller();
  return { compiled: await caller.compile(), seen: new WeakRef(caller) };
}

test('a compiled function keeps nothing alive of those who compiled it', async () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const { compiled, seen } = await compiledElsewhere();
  await new Promise((resolve) => setTimeout(resolve));
  collect();
  expect(seen.deref()).toBeUndefined();
  await compiled.dispose();
});
