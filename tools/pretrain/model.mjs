// The small Llama as compiled functions: a training step, and log-probabilities of the next token.
import {
  adamw,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  compile,
  mapTree,
  spec,
  specOf,
  valueAndGradWithAux,
} from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { llama } from '../../packages/llm-lora/dist/model/llama.js';
import { llamaParameters, modulePath } from '../../packages/llm-lora/dist/model/parameters.js';
import { rotaryTables } from '../../packages/llm-lora/dist/model/rotary.js';
import { randomWeights } from '../../packages/testbed/dist/random-llama/weights.js';
import { KINDS } from '../../packages/testbed/dist/text/lessons.js';

/** @returns {import('@expctr/llm-lora').LlamaConfig} */
export function llamaConfig({ hidden, layers, heads, intermediate, maxPositions }, vocabulary) {
  return {
    hiddenSize: hidden,
    intermediateSize: intermediate,
    layers,
    heads,
    keyValueHeads: heads,
    headDim: hidden / heads,
    vocabularySize: vocabulary,
    maxPositions,
    normEpsilon: 1e-5,
    ropeTheta: 10000,
    ropeScaling: null,
    tiedEmbeddings: true,
    bosTokenId: 1,
    eosTokenIds: [2],
  };
}

/** Weights by their Hugging Face names: deviation 1/sqrt(fan-in); what is added to the residual stream is 1/sqrt(2 layers) of that. */
export function initialTensors(size, vocabulary, rng) {
  const tensors = randomWeights({ ...size, keyValueHeads: size.heads, tied: true }, vocabulary, rng);
  for (const [name, { data }] of tensors) {
    if (/(o_proj|down_proj)/.test(name)) for (let at = 0; at < data.length; at += 1) data[at] /= Math.sqrt(2 * size.layers);
  }
  return tensors;
}

/** The tree of what is trained; the head is the embedding table, and so not a leaf of its own. */
export function parameterTree(config, tensors) {
  const { head: _, ...parameters } = llamaParameters({ config, tensors, source: 'pretrain' });
  return parameters;
}

/** The logarithm of P(next token): [rows * time, vocabulary]. Lessons of a row do not see one another; positions are relative, so they need not begin anew. */
function nextLogProbs(config, rows, time, constants) {
  return (parameters, tokens, segments) => {
    const oneHot = tf.oneHot(tf.reshape(tokens, [rows * time]), config.vocabularySize, 1, 0, 'float32'); // [rows * time, vocabulary]
    const embedded = tf.matMul(oneHot, parameters.embedding); // [rows * time, hidden]
    const same = tf.equal(tf.reshape(segments, [rows, 1, time, 1]), tf.reshape(segments, [rows, 1, 1, time])); // [rows, 1, time, time]
    const mask = tf.add(tf.mul(tf.sub(1, tf.cast(same, 'float32')), -1e9), constants.causal);
    const { hidden } = llama.decode(config, parameters, embedded, {
      batch: rows,
      time,
      mask,
      pastMask: null,
      past: null,
      lora: null,
      rotary: constants.rotary,
    });
    return tf.logSoftmax(tf.matMul(llama.finalNorm(config, parameters, hidden), parameters.embedding, false, true)); // [rows * time, vocabulary]
  };
}

function constantsOf(config, time) {
  const tables = rotaryTables(
    config,
    Array.from({ length: time }, (_, at) => at),
  );
  const half = config.headDim / 2;
  const rotary = Object.fromEntries(
    Object.entries(tables).map(([name, data]) => [name, { data, shape: [1, 1, time, half], dtype: 'float32' }]),
  );
  const causal = new Float32Array(time * time);
  for (let row = 0; row < time; row += 1) for (let column = row + 1; column < time; column += 1) causal[row * time + column] = -1e9;
  return { rotary, causal: { data: causal, shape: [1, 1, time, time], dtype: 'float32' } };
}

/** @returns a function of parameters, tokens and segments; see nextLogProbs */
export async function compileForward(config, parameters, { rows, time, threads }) {
  const constants = constantsOf(config, time);
  const compiled = await compile(
    (tree, tokens, segments, held) => nextLogProbs(config, rows, time, held)(tree, tokens, segments),
    [mapTree(parameters, specOf), spec([rows, time], 'int32'), spec([rows, time]), mapTree(constants, specOf)],
    { name: 'next-token', threads },
  );
  return async (tree, { tokens, segments }) => (await compiled.run([tree, tokens, segments, constants])).data;
}

/**
 * A training step: AdamW on the mean loss a token, clipped. The loss of an answer is the cross entropy to the distribution over both answers.
 * @returns a function (parameters, state, batch, learningRate) => { parameters, state, sums [kinds], counts [kinds] }
 */
export async function compileStep(config, parameters, { rows, time, threads, weights }) {
  const optimizer = chain(clipByGlobalNorm(1), adamw({ learningRate: 1e-3, beta1: 0.9, beta2: 0.98, weightDecay: 0.01 }));
  const constants = constantsOf(config, time);
  const scale = KINDS.map((kind) => weights[kind] ?? 0);
  const vocabulary = config.vocabularySize;
  const step = (tree, state, batch, learningRate, held) => {
    const flat = (x) => tf.reshape(x, [rows * time]);
    const kinds = tf.oneHot(flat(batch.kinds), KINDS.length, 1, 0, 'float32'); // [rows * time, kinds]
    const counts = tf.sum(kinds, 0); // [kinds]
    const perKind = tf.tensor1d(scale);
    const share = tf.reshape(flat(batch.shares), [rows * time, 1]);
    const hot = (ids) => tf.oneHot(flat(ids), vocabulary, 1, 0, 'float32');
    const wanted = tf.add(tf.mul(hot(batch.targets), share), tf.mul(hot(batch.others), tf.sub(1, share))); // [rows * time, vocabulary]
    const { value, grads, aux } = valueAndGradWithAux((trained) => {
      const logProbs = nextLogProbs(config, rows, time, held)(trained, batch.tokens, batch.segments);
      const losses = tf.neg(tf.sum(tf.mul(logProbs, wanted), 1, true)); // [rows * time, 1]
      const sums = tf.sum(tf.mul(losses, kinds), 0); // [kinds]
      return { loss: tf.div(tf.sum(tf.mul(sums, perKind)), tf.sum(tf.mul(counts, perKind))), aux: { sums } };
    })(tree);
    const { updates, state: next } = optimizer.update(grads, state, tree, { learningRate });
    return { loss: value, parameters: applyUpdates(tree, updates), state: next, sums: aux.sums, counts };
  };
  const initial = await compile((tree) => optimizer.init(tree), [mapTree(parameters, specOf)], { name: 'optimizer', threads });
  const state = await initial.run([parameters]);
  await initial.dispose();
  const ints = spec([rows, time], 'int32');
  const floats = spec([rows, time]);
  const batchSpec = { tokens: ints, segments: floats, targets: ints, others: ints, shares: floats, kinds: ints };
  const compiled = await compile(
    step,
    [mapTree(parameters, specOf), mapTree(state, specOf), batchSpec, spec([]), mapTree(constants, specOf)],
    { name: 'pretrain-step', threads, graphOptimization: 'all' },
  );
  return {
    state,
    stats: compiled.stats,
    run: (tree, moments, batch, learningRate) => compiled.run([tree, moments, batch, Float32Array.of(learningRate), constants]),
  };
}

/** The tensors of a parameter tree by their Hugging Face names; the inverse of parameterTree. */
export function namedTensors({ embedding, layers, norm }) {
  const tensors = new Map([['model.embed_tokens.weight', embedding]]);
  layers.forEach((layer, index) => {
    for (const [name, tensor] of Object.entries(layer)) {
      const path = name.endsWith('layernorm') ? name : modulePath(index, name).replace(`layers.${index}.`, '');
      tensors.set(`model.layers.${index}.${path}.weight`, tensor);
    }
  });
  return tensors.set('model.norm.weight', norm);
}
