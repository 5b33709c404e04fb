// The small Llama as compiled functions: a training step, and log-probabilities of the next token.
import type { Rng } from '@expctr/core';
import {
  decode,
  FAMILIES,
  parameterTree,
  type FloatTensor,
  type ParameterTree,
  type RotaryDecoderConfig,
  type RotaryDecoderLinear,
  type RotaryDecoderNorm,
  type RotaryTable,
} from '@expctr/llm-lora';
import { KINDS, randomWeights, type Kind, type LessonBatch } from '@expctr/testbed/pretraining';
import {
  adamw,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  mapTreeWithPath,
  spec,
  valueAndGradWithAux,
  type CompileStats,
  type HostTensor,
  type TensorTree,
} from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { compileTrees, specsOf } from '../common/compile-trees.js';

const { llama } = FAMILIES;

/** Sizes of the model. */
export interface ModelSize {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly maxPositions: number;
}

/** Shape of a batch, and the threads that compute it. */
export interface BatchShape {
  readonly rows: number;
  readonly time: number;
}

/** The model's configuration, as config.json would give it. */
export function llamaConfig({ hidden, layers, heads, intermediate, maxPositions }: ModelSize, vocabulary: number): RotaryDecoderConfig {
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
export function initialTensors(size: ModelSize, vocabulary: number, rng: Rng): Map<string, FloatTensor> {
  const tensors = randomWeights({ ...size, keyValueHeads: size.heads, tied: true, vocabulary, seed: 0 }, vocabulary, rng);
  for (const [name, { data }] of tensors) {
    if (/(o_proj|down_proj)/u.test(name)) for (let at = 0; at < data.length; at += 1) data[at]! /= Math.sqrt(2 * size.layers);
  }
  return tensors;
}

/** The tree of what is trained; the head is the embedding table, and so not a leaf of its own. */
export type Trained<L> = Omit<ParameterTree<L, L, RotaryDecoderLinear, RotaryDecoderNorm, 'norm'>, 'head'>;

/** The tensors as the tree that is trained. */
export function trainedTree(config: RotaryDecoderConfig, tensors: ReadonlyMap<string, FloatTensor>): Trained<HostTensor> {
  const { head: _, ...trained } = parameterTree(llama.layout(config), { config, tensors, source: 'pretrain' });
  return trained;
}

/** The tensors of a tree by their Hugging Face names; the inverse of {@link trainedTree}. */
export function namedTensors(config: RotaryDecoderConfig, trained: Trained<HostTensor>): Map<string, FloatTensor> {
  const { embedding, blocks, linears, layer, outer } = llama.layout(config);
  const entries = Object.entries({ ...linears, ...layer });
  const named = new Map<string, HostTensor>([[embedding.name, trained.embedding]]);
  trained.layers.forEach((layerWeights, index) => {
    const weights = { ...trained.linears[index]!, ...layerWeights };
    for (const [key, { name }] of entries) named.set(`${blocks}.${index}.${name}`, weights[key as keyof typeof weights]);
  });
  named.set(outer.norm.name, trained.outer.norm);
  return named as Map<string, FloatTensor>;
}

/** What does not change from batch to batch. */
interface Constants<L> {
  readonly positions: { readonly [K in RotaryTable]: L };
  /** [1, 1, time, time]: 0 where the row may see the column, else very negative. */
  readonly causal: L;
}

/** What a batch's log-probabilities follow from: token ids and, for each, the lesson of its row that it belongs to, [rows, time] each. */
export type PromptBatch = Pick<LessonBatch, 'tokens' | 'segments'>;

/** The logarithm of P(next token): [rows * time, vocabulary]. Lessons of a row do not see one another; positions are relative, so they need not begin anew. */
function nextLogProbs(
  config: RotaryDecoderConfig,
  { rows, time }: BatchShape,
  { positions, causal }: Constants<tf.Tensor>,
  trained: Trained<tf.Tensor>,
  { tokens, segments }: { readonly tokens: tf.Tensor; readonly segments: tf.Tensor },
): tf.Tensor2D {
  const oneHot = tf.oneHot(tf.reshape(tokens, [rows * time]), config.vocabularySize, 1, 0, 'float32'); // [rows * time, vocabulary]
  const embedded: tf.Tensor2D = tf.matMul(oneHot, trained.embedding); // [rows * time, hidden]
  const same = tf.equal(tf.reshape(segments, [rows, 1, time, 1]), tf.reshape(segments, [rows, 1, 1, time])); // [rows, 1, time, time]
  const mask = tf.add(tf.mul(tf.sub(1, tf.cast(same, 'float32')), -1e9), causal);
  const parameters = { ...trained, head: trained.embedding };
  const { hidden } = decode(llama, config, parameters, embedded, {
    tokens: { batch: rows, time, positions, mask, pastMask: null },
    past: null,
    lora: null,
  });
  return tf.logSoftmax(tf.matMul(llama.finalNorm(config, trained.outer, hidden), trained.embedding, false, true)); // [rows * time, vocabulary]
}

function constantsOf(config: RotaryDecoderConfig, time: number): Constants<HostTensor> {
  const places = Array.from({ length: time }, (_, at) => at);
  const tables = llama.positions.values(config, places);
  const specs = llama.positions.specs(config, 1, time);
  const host = (name: RotaryTable): HostTensor => ({ data: tables[name], shape: specs[name].shape, dtype: 'float32' });
  const causal = new Float32Array(time * time);
  for (let row = 0; row < time; row += 1) for (let column = row + 1; column < time; column += 1) causal[row * time + column] = -1e9;
  return {
    positions: { queryCos: host('queryCos'), querySin: host('querySin'), keyCos: host('keyCos'), keySin: host('keySin') },
    causal: { data: causal, shape: [1, 1, time, time], dtype: 'float32' },
  };
}

/** Log-probabilities of the next token, [rows * time, vocabulary], row major. */
export type Forward = (trained: Trained<HostTensor>, batch: PromptBatch) => Promise<Float32Array>;

/** Compiles the model for batches of one shape. */
export async function compileForward(
  config: RotaryDecoderConfig,
  trained: Trained<HostTensor>,
  { threads, ...shape }: BatchShape & { readonly threads: number },
): Promise<Forward> {
  const constants = constantsOf(config, shape.time);
  const grid = [shape.rows, shape.time];
  const compiled = await compileTrees<HostTensor>(
    (tree: Trained<tf.Tensor>, tokens: tf.Tensor, segments: tf.Tensor, held: Constants<tf.Tensor>) =>
      nextLogProbs(config, shape, held, tree, { tokens, segments }),
    [specsOf(trained), spec(grid, 'int32'), spec(grid), specsOf(constants)],
    { name: 'next-token', threads },
  );
  return async (tree, { tokens, segments }) => (await compiled.run([tree, tokens, segments, constants])).data as Float32Array;
}

/** What a training step gives. */
export interface StepResult {
  readonly trained: Trained<HostTensor>;
  /** The optimizer's state. */
  readonly state: unknown;
  /** [kinds] losses summed over the tokens of a kind, in nats, and how many there are. */
  readonly sums: HostTensor;
  readonly counts: HostTensor;
}

/** A compiled training step. */
export interface Step {
  /** The optimizer's state before the first one. */
  readonly state: unknown;
  readonly stats: CompileStats;
  run(trained: Trained<HostTensor>, state: unknown, batch: LessonBatch, learningRate: number): Promise<StepResult>;
}

/** How much a token's loss counts, by what it teaches; what is left out does not. */
export type Weights = Readonly<Partial<Record<Kind, number>>>;

/**
 * A training step: AdamW on the mean loss a token, clipped. The loss of an answer is the cross entropy to the distribution over both
 * answers.
 */
export async function compileStep(
  config: RotaryDecoderConfig,
  trained: Trained<HostTensor>,
  { threads, weights, ...shape }: BatchShape & { readonly threads: number; readonly weights: Weights },
): Promise<Step> {
  const { rows, time } = shape;
  const optimizer = chain(clipByGlobalNorm(1), adamw({ learningRate: 1e-3, beta1: 0.9, beta2: 0.98, weightDecay: 0.01 }));
  const constants = constantsOf(config, time);
  const scale = KINDS.map((kind) => weights[kind] ?? 0);
  const step = (
    tree: Trained<tf.Tensor>,
    state: TensorTree,
    batch: { readonly [K in keyof LessonBatch]: tf.Tensor },
    learningRate: tf.Scalar,
    held: Constants<tf.Tensor>,
  ): unknown => {
    const flat = (x: tf.Tensor): tf.Tensor1D => tf.reshape(x, [rows * time]);
    const kinds = tf.oneHot(flat(batch.kinds), KINDS.length, 1, 0, 'float32'); // [rows * time, kinds]
    const counts = tf.sum(kinds, 0); // [kinds]
    const perKind = tf.tensor1d(scale);
    const share = tf.reshape(flat(batch.shares), [rows * time, 1]);
    const hot = (ids: tf.Tensor): tf.Tensor => tf.oneHot(flat(ids), config.vocabularySize, 1, 0, 'float32');
    const wanted = tf.add(tf.mul(hot(batch.targets), share), tf.mul(hot(batch.others), tf.sub(1, share))); // [rows * time, vocabulary]
    const { grads, aux } = valueAndGradWithAux((current: Trained<tf.Tensor>) => {
      const logProbs = nextLogProbs(config, shape, held, current, batch);
      const losses = tf.neg(tf.sum(tf.mul(logProbs, wanted), 1, true)); // [rows * time, 1]
      const sums = tf.sum(tf.mul(losses, kinds), 0); // [kinds]
      return { loss: tf.div(tf.sum(tf.mul(sums, perKind)), tf.sum(tf.mul(counts, perKind))), aux: { sums } };
    })(tree);
    const { updates, state: next } = optimizer.update(grads, state, tree, { learningRate });
    return { trained: applyUpdates(tree, updates), state: next, sums: aux.sums, counts };
  };
  const initial = await compileTrees<unknown>((tree: TensorTree) => optimizer.init(tree), [specsOf(trained)], {
    name: 'optimizer',
    threads,
  });
  const state = await initial.run([trained]);
  await initial.dispose();
  const ints = spec([rows, time], 'int32');
  const floats = spec([rows, time]);
  const batchSpec = { tokens: ints, segments: floats, targets: ints, others: ints, shares: floats, kinds: ints };
  const compiled = await compileTrees<StepResult>(step, [specsOf(trained), specsOf(state), batchSpec, spec([]), specsOf(constants)], {
    name: 'pretrain-step',
    threads,
    graphOptimization: 'all',
  });
  return {
    state,
    stats: compiled.stats,
    run: (tree, moments, batch, learningRate) => compiled.run([tree, moments, batch, Float32Array.of(learningRate), constants]),
  };
}

/** A tree of host tensors with other leaves. */
export function mapHost<T>(tree: T, change: (leaf: HostTensor, path: string) => HostTensor): T {
  return mapTreeWithPath(tree, (leaf, path) => change(leaf as unknown as HostTensor, path)) as T;
}
