import { spec } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  attend,
  createPolicy,
  FAMILIES,
  ignoresRotaryDecoder,
  loadCheckpoint,
  parameterTree,
  parseRotaryDecoder,
  rmsNorm,
  rotaryDecoderLayout,
  swiGlu,
  type ModelFamily,
  type RotaryDecoderConfig,
  type RotaryDecoderLinear,
  type RotaryDecoderNorm,
} from '../../src/index.js';
import { failure } from '../formats/failure.js';
import { temporaryFolder } from '../formats/temporary-folder.js';
import { TINY, tinyTensors, writeTinyModel } from '../formats/tiny-model.js';
import { largestDifference, useBackend } from '../model/oracle.js';
import { randomCheckpoint, smallConfig as config } from './random.js';

const path = temporaryFolder();

/** A Llama whose embeddings enter the first block four times as large. */
const loud: ModelFamily<RotaryDecoderConfig> = {
  ...FAMILIES.llama,
  name: 'loud',
  className: 'LoudForCausalLM',
  gguf: null,
  embed: (_config, _outer, rows) => tf.mul(rows, 4),
};

/** Learned positions added to the embeddings, no rotation, no grouping: what GPT-2 does with positions, in Llama's block. */
const learned: ModelFamily<RotaryDecoderConfig, RotaryDecoderLinear, RotaryDecoderNorm, 'norm' | 'positions', 'ids'> = {
  name: 'learned',
  description: 'learned positions',
  className: 'LearnedForCausalLM',
  parseConfig: (fields) => parseRotaryDecoder(fields, { maxPositions: 32 }),
  gguf: null,
  layout(config) {
    const { outer, ...rest } = rotaryDecoderLayout(config);
    const positions = { name: 'model.positions.weight', gguf: 'position_embd.weight', shape: [config.maxPositions, config.hiddenSize] };
    return { ...rest, outer: { ...outer, positions } };
  },
  ignores: ignoresRotaryDecoder,
  loraTargets: ['q_proj'],
  positions: {
    specs: (_config, rows, time) => ({ ids: spec([rows, time], 'int32') }),
    values: (_config, positions) => ({ ids: Int32Array.from(positions) }),
  },
  embed({ hiddenSize }, outer, rows, { batch, time, positions }) {
    const added = tf.gather(outer.positions, positions.ids); // [1 or batch, time, hidden]
    return tf.reshape<tf.Rank.R2>(tf.add(tf.reshape(rows, [batch, time, hiddenSize]), added), [batch * time, hiddenSize]);
  },
  block(config, layer, x, { tokens, past, linear }) {
    const normed = rmsNorm(x, layer.input_layernorm, config.normEpsilon);
    const query: tf.Tensor2D = tf.mul(linear(normed, 'q_proj'), 1 / Math.sqrt(config.headDim));
    const { mixed, keys, values } = attend(config, query, linear(normed, 'k_proj'), linear(normed, 'v_proj'), tokens, null, past);
    const attended: tf.Tensor2D = tf.add(x, linear(mixed, 'o_proj'));
    const again = rmsNorm(attended, layer.post_attention_layernorm, config.normEpsilon);
    const gated = swiGlu(linear(again, 'gate_proj'), linear(again, 'up_proj'));
    return { hidden: tf.add(attended, linear(gated, 'down_proj')), keys, values };
  },
  finalNorm: ({ normEpsilon }, { norm }, hidden) => rmsNorm(hidden, norm, normEpsilon),
};

const prompts = [[3, 4, 5, 6], [7, 8], [3, 4, 5, 6], [3, 4, 9]]; // prettier-ignore
const sampling = { maxNewTokens: 9, stopTokenIds: [], seed: [1] as const };

describe('a family of one’s own', () => {
  beforeAll(() => useBackend('onnx'));

  test('loads by the name in config.json, and computes what it says it does', async () => {
    await writeTinyModel(path('loud'), { config: { architectures: ['LoudForCausalLM'], model_type: 'loud' } });
    const checkpoint = await loadCheckpoint(path('loud'), { families: [loud] });
    expect(checkpoint.family).toBe(loud);
    // the same model as a Llama: a table four times as large, with the plain one as its head
    const table = tinyTensors().get('model.embed_tokens.weight')!;
    const tensors = tinyTensors()
      .set('model.embed_tokens.weight', { ...table, data: table.data.map((value) => 4 * value) })
      .set('lm_head.weight', table);
    await writeTinyModel(path('llama'), { config: { tie_word_embeddings: false }, tensors });
    const [own, same] = [createPolicy(checkpoint), createPolicy(await loadCheckpoint(path('llama')))];
    expect([own.family, same.family]).toEqual(['loud', 'llama']);
    const batch = { prompts, responses: prompts.map(() => [3, 9, 1, 0]) };
    expect(await own.logProbabilities(batch, null)).toEqual(await same.logProbabilities(batch, null));
    expect(await own.generate(prompts, sampling)).toEqual(await same.generate(prompts, sampling));
    await Promise.all([own.dispose(), same.dispose()]);
  });

  test('may embed positions: decoding, packed rows and rows alone see the same ones', async () => {
    const policy = createPolicy(randomCheckpoint(learned, config, 'learned'));
    const completions = await policy.generate(prompts, sampling);
    const responses = completions.map(({ tokens }) => tokens);
    const together = await policy.logProbabilities({ prompts, responses }, null);
    for (const [row, { logProbs }] of completions.entries()) {
      const [alone] = await policy.logProbabilities({ prompts: [prompts[row]!], responses: [responses[row]!] }, null);
      expect(largestDifference(logProbs, alone!)).toBeLessThan(1e-4);
      expect(largestDifference(together[row]!, alone!)).toBeLessThan(1e-4);
    }
    // without rotation, a longer history of the same two tokens differs by the positions alone
    const [near, far] = await policy.logProbabilities({ prompts: [[3], [3, 3, 3]], responses: [[4], [4]] }, null);
    expect(Math.abs(near![0]! - far![0]!)).toBeGreaterThan(1e-3);
    await policy.dispose();
  });

  test('may cap its logits: sampling, scoring and reading agree on them at every temperature', async () => {
    const capped = { ...FAMILIES.llama, logitCap: () => 2 };
    const policy = createPolicy(randomCheckpoint(capped, config, 'capped'));
    const plain = createPolicy(randomCheckpoint(FAMILIES.llama, config, 'capped'));
    for (const temperature of [1, 0.5]) {
      const completions = await policy.generate(prompts, { ...sampling, temperature });
      const batch = { prompts, responses: completions.map(({ tokens }) => tokens), temperature };
      const scored = await policy.logProbabilities(batch, null);
      completions.forEach(({ logProbs }, row) => expect(largestDifference(logProbs, scored[row]!)).toBeLessThan(1e-4));
      // z / T lies within 2 / T of 0, so no token is less probable than by a factor of exp(4 / T) than another
      const least = Math.min(...scored.flatMap((row) => [...row]));
      expect(least).toBeGreaterThan(-4 / temperature - Math.log(config.vocabularySize));
      const uncapped = await plain.logProbabilities(batch, null);
      expect(largestDifference(scored[0]!, uncapped[0]!)).toBeGreaterThan(0.05);
      if (temperature !== 1) continue;
      const read = await policy.scoreAnswers(
        prompts,
        completions.map(({ tokens }) => [tokens]),
      );
      scored.forEach((row, at) =>
        expect(read[at]![0]).toBeCloseTo(
          row.reduce((sum, value) => sum + value, 0),
          4,
        ),
      );
    }
    await Promise.all([policy.dispose(), plain.dispose()]);
  });

  test('needs a name of its own', async () => {
    await writeTinyModel(path('any'));
    const refused = async (families: ModelFamily[], ...parts: string[]): Promise<void> =>
      expect(loadCheckpoint(path('any'), { families })).rejects.toThrow(failure('FAMILY_NAME', ...parts));
    await refused([{ ...loud, name: 'llama' }], '"llama"', 'another name');
    await refused([loud, loud], '"loud"');
    await refused([{ ...loud, gguf: { ...FAMILIES.llama.gguf!, architecture: 'llama' } }], '"loud"', '"llama" already');
  });

  test('that nobody gave is refused with the families that are known', async () => {
    await writeTinyModel(path('loud'), { config: { architectures: ['LoudForCausalLM'], model_type: 'loud' } });
    await expect(loadCheckpoint(path('loud'))).rejects.toThrow(
      failure('CONFIG_UNSUPPORTED_ARCHITECTURE', '"LoudForCausalLM"', 'model_type llama', 'families: [mine]'),
    );
    await writeFile(path('loud', 'config.json'), JSON.stringify({ ...TINY, architectures: undefined, model_type: 'quiet' }));
    await expect(loadCheckpoint(path('loud'), { families: [loud] })).rejects.toThrow(
      failure('CONFIG_UNSUPPORTED_ARCHITECTURE', '"quiet"', 'model_type loud'),
    );
  });
});

test('a checkpoint made by hand without one of its tensors is a typed error that names it', () => {
  const { family, ...rest } = randomCheckpoint(FAMILIES.llama, config, 'short');
  const tensors = new Map(rest.tensors);
  tensors.delete('model.layers.1.mlp.up_proj.weight');
  expect(() => parameterTree(family.layout(config), { ...rest, tensors })).toThrow(
    failure('CHECKPOINT_MISSING_TENSOR', 'short', 'model.layers.1.mlp.up_proj.weight'),
  );
});
