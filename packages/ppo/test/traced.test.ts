import { expect, test } from 'vitest';
import { algorithms } from '../src/index.js';
import { expectTraced } from './traced.js';

test.each(Object.entries(algorithms))(
  'the loss of %s and its gradients trace into an ONNX graph that gives what the cpu backend gives',
  async (_, algorithm) => {
    const names = await expectTraced(algorithm);
    expect(names.length).toBeGreaterThan(5);
  },
);

test("PPO's entropy bonus too", async () => {
  expect(await expectTraced(algorithms.ppo, { entropyCoefficient: 0.01 })).toContain('.grads.entropy');
});
