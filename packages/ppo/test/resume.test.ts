import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { algorithms, type LearnerState } from '../src/index.js';
import { bigramPolicy } from './bigram-policy.js';
import { disturb, learnerOf, shareOf, updates } from './helpers.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const settings = { minibatches: 2, learningRate: (step: number) => 0.03 / (1 + step) };
const cases = [
  ...Object.keys(algorithms).map((algorithm) => ({ algorithm, config: settings, reference: 'base' as const })),
  ...(['base', 'copy'] as const).map((reference) => ({
    algorithm: 'ppo',
    config: { ...settings, klTarget: 0.2, klHorizon: 40 },
    reference,
  })),
];

/** As a file would keep it: plain JSON, and tensors as bytes. */
function throughBytes(state: LearnerState): LearnerState {
  const { tensors, ...plain } = state;
  const copied = Object.entries(tensors).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }] as const);
  return { ...(JSON.parse(JSON.stringify(plain)) as typeof plain), tensors: Object.fromEntries(copied) };
}

test.each(cases)(
  'a run resumed from exported state equals an uninterrupted one to the last bit ($algorithm, reference: $reference)',
  async ({ algorithm, config, reference }) => {
    const whole = bigramPolicy();
    if (reference === 'copy') disturb(whole);
    const uninterrupted = await learnerOf(whole, config, { algorithm, reference });
    await updates(uninterrupted.ppo, 3);
    const kept = {
      state: throughBytes(uninterrupted.ppo.exportState()),
      adapters: whole.adapters.names().map((name) => [name, whole.adapters.get(name)] as const),
    };
    const expected = await updates(uninterrupted.ppo, 3, shareOf(5), 3);

    const later = bigramPolicy();
    for (const [name, values] of kept.adapters) later.adapters.set(name, values);
    const resumed = await learnerOf(later, config, { algorithm, reference });
    resumed.ppo.importState(kept.state);
    const got = await updates(resumed.ppo, 3, shareOf(5), 3);

    expect(got).toEqual(expected);
    expect(later.adapters.get('default')).toEqual(whole.adapters.get('default'));
    expect(resumed.ppo.exportState()).toEqual(uninterrupted.ppo.exportState());
    if ('klTarget' in config) expect(kept.state.state['kl_coefficient']).not.toBe(0.05);
  },
);

test('an update depends on its step, not on the updates before it, for its random streams', async () => {
  const at = async (step: number) =>
    (await (await learnerOf(bigramPolicy(), { learningRate: 0 })).ppo.update({ prompts: [[1]], score: shareOf(5), step })).completions;
  const { ppo } = await learnerOf(bigramPolicy(), { learningRate: 0 });
  await updates(ppo, 2);
  expect((await ppo.update({ prompts: [[1]], score: shareOf(5), step: 2 })).completions).toEqual(await at(2));
  expect((await at(3)).map(({ tokens }) => [...tokens])).not.toEqual((await at(2)).map(({ tokens }) => [...tokens]));
});

test("importing another algorithm's state, or one whose reference adapter is missing, is refused", async () => {
  const policy = bigramPolicy();
  disturb(policy);
  const { ppo } = await learnerOf(policy, {}, { reference: 'copy' });
  await updates(ppo, 1);
  const state = ppo.exportState();
  const { ppo: other } = await learnerOf(bigramPolicy());
  expect(() => other.importState({ ...state, algorithm: 'another' })).toThrow(expect.objectContaining({ code: 'PPO_STATE' }));
  expect(() => other.importState(state)).toThrow(expect.objectContaining({ code: 'PPO_REFERENCE' }));
  const { reference: _, ...free } = state;
  expect(() => other.importState({ ...free, state: {} })).toThrow(/PPO_STATE|holds no kl_coefficient/);
});
