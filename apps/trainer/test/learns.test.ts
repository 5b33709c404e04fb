import { createRng } from '@expctr/core';
import { loadCausalLM } from '@expctr/llm-lora';
import { createLearner, type ScoreFunction } from '@expctr/ppo';
import { modelAsset } from '@expctr/test-support';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { expect, test } from 'vitest';

const model = modelAsset('stories260K');

/** Mean share of the wanted token over the last three of `updates` updates of PPO on a real language model. */
async function shareAfterTraining(learningRate: number, updates: number): Promise<number> {
  await useOnnx();
  const policy = await loadCausalLM(model.path, { lora: { rank: 8, alpha: 16, targetModules: ['q_proj', 'v_proj', 'o_proj'] } });
  const { tokenizer } = policy;
  policy.adapters.create('policy', createRng(1));
  policy.adapters.activate('policy');
  const wanted = tokenizer.encodeText(',').at(-1)!;
  const share = (tokens: ArrayLike<number>): number => Array.from(tokens).filter((token) => token === wanted).length / tokens.length;
  const score: ScoreFunction = (completions) => Promise.resolve(completions.map(({ tokens }) => share(tokens)));
  const learner = await createLearner({
    algorithm: 'ppo',
    policy,
    reference: 'base',
    rng: createRng(2),
    config: { maxNewTokens: 16, stopTokenIds: [], completionsPerPrompt: 16, learningRate, klCoefficient: 0, epochs: 2, microBatchSize: 32 },
  });
  const prompts = ['Once upon a time', 'One day, Tim'].map((text) => tokenizer.encode({ form: 'completion', text }));
  const shares: number[] = [];
  for (let step = 0; step < updates; step += 1) {
    const { completions } = await learner.update({ prompts, score, step });
    shares.push(completions.reduce((sum, { tokens }) => sum + share(tokens), 0) / completions.length);
  }
  await learner.dispose();
  await policy.dispose();
  return shares.slice(-3).reduce((sum, value) => sum + value, 0) / 3;
}

test.skipIf(model.missing)(
  'PPO on stories260K raises the share of commas by more than 0.3 over the same run at learning rate 0',
  async () => {
    const [trained, still] = [await shareAfterTraining(0.01, 30), await shareAfterTraining(0, 30)];
    expect(still).toBeLessThan(0.2);
    expect(trained).toBeGreaterThan(still + 0.3);
  },
  120_000,
);
