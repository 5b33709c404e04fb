import { sgd, type HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { CausalLM } from '../../src/policy/causal-lm.js';
import { floats, largestDifference, wave } from './oracle.js';

/** What peft makes of an adapter: the loss mixes log-probabilities and entropies of response tokens with fixed weights. */
export interface LoraFixture {
  readonly temperature: number;
  readonly rows: readonly { readonly prompt: readonly number[]; readonly response: readonly number[] }[];
  readonly logProbs: readonly (readonly number[])[];
  readonly entropies: readonly (readonly number[])[];
  readonly loss: number;
  /** By path, `layers.0.self_attn.q_proj.lora_A`, or `….lora_magnitude_vector`. */
  readonly norms: Readonly<Record<string, number>>;
  /** base64 of float32, of some paths */
  readonly gradients: Readonly<Record<string, string>>;
}

/** The fixture's rows as a batch. */
export function batchOf({ rows, temperature }: LoraFixture) {
  return { prompts: rows.map(({ prompt }) => prompt), responses: rows.map(({ response }) => response), temperature };
}

/** Largest differences of log-probabilities and entropies, in nats. */
export async function outputDifferences(policy: CausalLM, adapter: string, fixture: LoraFixture) {
  const score = await policy.compileScore(({ logProbs, entropy }) => ({ logProbs, entropy }));
  const { logProbs, entropy } = await score.run(batchOf(fixture), adapter, {});
  await score.dispose();
  const flat = (rows: readonly ArrayLike<number>[]): number[] => rows.flatMap((row) => Array.from(row));
  return {
    logProbs: largestDifference(flat(logProbs!), fixture.logProbs.flat()),
    entropy: largestDifference(flat(entropy!), fixture.entropies.flat()),
  };
}

/** Largest differences of the loss, and of gradients and their norms relative to their size; of the adapter that is active. */
export async function gradientDifferences(policy: CausalLM, fixture: LoraFixture) {
  const name = policy.adapters.active;
  const before = policy.adapters.get(name);
  const lengths = fixture.rows.map(({ response }) => response.length);
  const weights = lengths.map((length, row) => wave(2 * length, 100 + lengths.slice(0, row).reduce((a, b) => a + b, 0), 1));
  const columns = {
    forLogProb: weights.map((both, row) => both.slice(0, lengths[row])),
    forEntropy: weights.map((both, row) => both.slice(lengths[row])),
  };
  // plain gradient descent with rate 1 turns the change of a parameter into its gradient
  const step = await policy.compileStep<Record<string, never>>(
    ({ logProbs, entropy }, { columns: { forLogProb, forEntropy } }) => ({
      loss: tf.add(tf.sum(tf.mul(logProbs, forLogProb!)), tf.sum(tf.mul(entropy, forEntropy!))).asScalar(),
      metrics: {},
    }),
    sgd({ learningRate: 1 }),
    {},
  );
  const { metrics, gradientNorm } = await step.run([{ ...batchOf(fixture), columns }]);
  await step.dispose();
  const after = policy.adapters.get(name);
  policy.adapters.set(name, before);
  const off = { loss: Math.abs(metrics['loss']! - fixture.loss), norms: 0, gradients: 0 };
  off.norms = Math.abs(gradientNorm / Math.hypot(...Object.values(fixture.norms)) - 1);
  for (const [path, norm] of Object.entries(fixture.norms)) {
    const at = path.lastIndexOf('.');
    const [module, factor] = [path.slice(0, at), FACTORS[path.slice(at + 1)]!];
    const gradient = difference(before.tensors.get(module)![factor]!, after.tensors.get(module)![factor]!);
    off.norms = Math.max(off.norms, Math.abs(Math.hypot(...gradient) / norm - 1));
    const expected = fixture.gradients[path];
    if (expected === undefined) continue;
    const reference = floats(expected);
    const largest = reference.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    off.gradients = Math.max(off.gradients, largestDifference(gradient, reference) / (largest + 0.01));
  }
  return off;
}

const FACTORS: Readonly<Record<string, 'a' | 'b' | 'magnitude'>> = { lora_A: 'a', lora_B: 'b', lora_magnitude_vector: 'magnitude' };

function difference(before: HostTensor, after: HostTensor): Float32Array {
  return (before.data as Float32Array).map((value, i) => value - after.data[i]!);
}
