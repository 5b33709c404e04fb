import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRng, type Rng } from '@expctr/core';
import type { Completion, SamplingOptions, TokenIds } from '@expctr/language-model';
import type {
  AdapterStore,
  HostTreeOf,
  RowPair,
  Score,
  ScoreHead,
  StepLoss,
  StepOptions,
  StepResult,
  TokenBatch,
  TokenOutputs,
  TracedBatch,
  TracedPairs,
  TrainablePolicy,
  TrainStep,
} from '@expctr/language-model/training';
import {
  applyUpdates,
  flattenTree,
  globalNorm,
  unflattenTree,
  valueAndGradWithAux,
  type HostTensor,
  type Optimizer,
  type TensorTree,
  type Tree,
} from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { bigram } from './bigram-op.js';

/** Ways to get a policy wrong; each must be noticed by some test. */
export type Mutation =
  | 'positions count padding'
  | 'mask from pad id'
  | 'temperature ignored'
  | 'dropout in training'
  | 'micro-batches averaged'
  | 'batch-dependent sampling'
  | 'pairs left out'
  | 'pairs turned round';

export interface BigramOptions {
  readonly vocabulary?: number;
  readonly hidden?: number;
  readonly seed?: string;
  readonly mutation?: Mutation | undefined;
  /** What log-probability, entropy and hidden state are replaced by on padding. */
  readonly poison?: number;
}

/** Padding is token 0, and token 0 is the stop token as well: nothing may tell padding by its id. */
export const EOS = 0;
const POSITIONS = 64;

/** A test's policy, and a record of the calls it got. */
export interface BigramPolicy extends TrainablePolicy<Float32Array> {
  readonly calls: {
    generate: SamplingOptions[];
    score: { batch: TokenBatch; adapter: string | null }[];
    step: number[];
    /** What was disposed of. */
    disposed: ('score' | 'step')[];
  };
}

/**
 * A softmax bigram model with positions that fully implements TrainablePolicy in eager tfjs:
 * `hidden = tanh(E[previous] + D[previous] + P[position])`, `logits = hidden W`. E, P and W are the base model, D
 * [vocabulary, hidden] is the adapter and starts at zero. Prompts are padded on the left, responses on the right.
 */
export function bigramPolicy({ vocabulary = 8, hidden = 6, seed = 'bigram', mutation, poison }: BigramOptions = {}): BigramPolicy {
  const rng = createRng(seed);
  const normal = (rows: number, columns: number, scale: number, stream: Rng): Float32Array =>
    Float32Array.from({ length: rows * columns }, () => scale * stream.normal());
  const E = normal(vocabulary, hidden, 0.7, rng.fork('embedding'));
  const P = normal(POSITIONS, hidden, 0.4, rng.fork('positions'));
  const W = normal(hidden, vocabulary, 0.7, rng.fork('output'));
  const adapters = new Map<string, Float32Array>([['default', new Float32Array(vocabulary * hidden)]]);
  let active = 'default';
  const calls: BigramPolicy['calls'] = { generate: [], score: [], step: [], disposed: [] };

  const delta = (adapter: string | null): tf.Tensor2D =>
    tf.tensor2d(adapter === null ? new Float32Array(vocabulary * hidden) : adapters.get(adapter)!, [vocabulary, hidden]);

  function forward(batch: TokenBatch, adapter: tf.Tensor2D, training: boolean): { out: TokenOutputs; mask: tf.Tensor2D } {
    const rows = padded(batch, mutation);
    const [count, R] = rows.shape;
    const settings = {
      ...rows,
      hidden,
      vocabulary,
      temperature: mutation === 'temperature ignored' ? 1 : (batch.temperature ?? 1),
      keep: training && mutation === 'dropout in training' ? 0.9 : 1,
      poison,
    };
    const out = bigram({ E, P, W }, settings, adapter);
    return {
      out: {
        logProbs: tf.reshape(out.logProbs, [count, R]),
        entropy: tf.reshape(out.entropy, [count, R]),
        hidden: tf.reshape(out.hidden, [count, R, hidden]),
      },
      mask: tf.tensor2d(rows.mask, [count, R]),
    };
  }

  /** The sampler's own forward, in plain float64: like a real one, it agrees with the scoring graph up to rounding only. */
  function probabilities(last: number, at: number, weights: Float32Array, temperature: number): number[] {
    const state = Array.from({ length: hidden }, (_, h) =>
      Math.tanh(E[last * hidden + h]! + weights[last * hidden + h]! + P[(at % POSITIONS) * hidden + h]!),
    );
    const odds = Array.from({ length: vocabulary }, (_, v) =>
      Math.exp(state.reduce((sum, x, h) => sum + x * W[h * vocabulary + v]!, 0) / temperature),
    );
    const sum = odds.reduce((total, each) => total + each);
    return odds.map((each) => each / sum);
  }

  async function generate(prompts: readonly TokenIds[], options: SamplingOptions): Promise<Completion[]> {
    calls.generate.push(options);
    const { maxNewTokens, temperature = 1, stopTokenIds, seed: path, keys, completionsPerPrompt = 1, adapter = active } = options;
    const weights = adapter === null ? new Float32Array(vocabulary * hidden) : adapters.get(adapter)!;
    const shared = createRng([...path, 'shared']);
    const completions = prompts.flatMap((prompt, promptIndex) =>
      Array.from({ length: completionsPerPrompt }, (_, k): Completion => {
        const draw = mutation === 'batch-dependent sampling' ? shared : createRng([...path, keys?.[promptIndex] ?? promptIndex, k]);
        const tokens: number[] = [];
        const logProbs: number[] = [];
        while (tokens.length < maxNewTokens && !stopTokenIds.includes(tokens.at(-1) ?? -1)) {
          const last = tokens.at(-1) ?? prompt[prompt.length - 1]!;
          const at = prompt.length + tokens.length - 1;
          const p = probabilities(last, at, weights, temperature);
          let left = draw.next();
          let token = p.findIndex((share) => (left -= share) < 0);
          if (token < 0) token = vocabulary - 1;
          tokens.push(token);
          logProbs.push(Math.log(p[token]!));
        }
        const finishReason = stopTokenIds.includes(tokens.at(-1)!) ? 'stop' : 'length';
        return { promptIndex, tokens: Int32Array.from(tokens), logProbs: Float32Array.from(logProbs), finishReason };
      }),
    );
    return Promise.resolve(completions);
  }

  function compileScore<P>(head: ScoreHead<P>): Promise<Score<P>> {
    const run: Score<P>['run'] = (batch, adapter, extra) => {
      calls.score.push({ batch, adapter });
      const named = tidy(() => {
        const outputs = head(forward(batch, delta(adapter), false).out, toTensors<P>(extra));
        return Object.entries(outputs).map(([name, values]) => ({ name, data: values.dataSync() as Float32Array, width: values.shape[1] }));
      });
      const ragged = (data: Float32Array, width: number): Float32Array[] =>
        batch.responses.map(({ length }, row) => data.slice(row * width, row * width + length));
      return Promise.resolve(Object.fromEntries(named.map(({ name, data, width }) => [name, ragged(data, width)])));
    };
    return Promise.resolve({ run, dispose: () => Promise.resolve(void calls.disposed.push('score')) });
  }

  function compileStep<P>(loss: StepLoss<P>, optimizer: Optimizer, initial: HostTreeOf<P>): Promise<TrainStep<P>> {
    const trained = active;
    type Parameters = { adapter: tf.Tensor2D; extra: P };
    const host = (): { adapter: HostTensor; extra: HostTreeOf<P> } => ({
      adapter: { data: adapters.get(trained)!, shape: [vocabulary, hidden], dtype: 'float32' },
      extra,
    });
    let extra = initial;
    let moments = tidy(() => toHosts<Tree<HostTensor>>(optimizer.init(toTensors<Parameters>(host()))));

    function gradients(params: Parameters, batch: TokenBatch) {
      return valueAndGradWithAux((p: Parameters) => {
        const { out, mask } = forward(batch, p.adapter, true);
        const { loss: value, metrics, maxima = {} } = loss(out, traced(batch, mask, mutation), p.extra);
        return { loss: value, aux: { metrics, maxima } };
      })(params);
    }

    function run(microBatches: readonly TokenBatch[], { learningRate, skip }: StepOptions = {}): Promise<StepResult> {
      calls.step.push(microBatches.length);
      const result = tidy(() => {
        const params = toTensors<Parameters>(host());
        const parts = microBatches.map((batch) => gradients(params, batch));
        const each = parts.map(({ grads }) => flattenTree(grads));
        let summed = each.reduce((a, b) => a.map((x, i) => tf.add(x, b[i]!)));
        if (mutation === 'micro-batches averaged') summed = summed.map((x) => tf.div(x, parts.length));
        const grads = unflattenTree(params, summed);
        const numbers = (tree: Readonly<Record<string, tf.Scalar>>): Record<string, number> =>
          Object.fromEntries(Object.entries(tree).map(([name, value]) => [name, value.dataSync()[0]!]));
        const metrics = merge(
          parts.map(({ value, aux }) => ({ ...numbers(aux.metrics), loss: value.dataSync()[0]! })),
          (a, b) => a + b,
        );
        Object.assign(
          metrics,
          merge(
            parts.map(({ aux }) => numbers(aux.maxima)),
            Math.max,
          ),
        );
        const gradientNorm = globalNorm(grads).dataSync()[0]!;
        const skipped = !Number.isFinite(gradientNorm) || (skip?.(metrics) ?? false);
        if (!skipped) {
          const context = learningRate === undefined ? {} : { learningRate: tf.scalar(learningRate) };
          const { updates, state } = optimizer.update(grads, toTensors<TensorTree>(moments), params, context);
          const next = toHosts<ReturnType<typeof host>>(applyUpdates(params, updates));
          adapters.set(trained, next.adapter.data as Float32Array);
          extra = next.extra;
          moments = toHosts(state);
        }
        return { metrics, skipped, gradientNorm };
      });
      return Promise.resolve(result);
    }

    return Promise.resolve({
      run,
      extra: () => extra,
      exportState: () => {
        const name = (prefix: string, tree: unknown) => flattenTree<HostTensor>(tree).map((leaf, i) => [`${prefix}.${i}`, copyOf(leaf)]);
        return Object.fromEntries([...name('extra', extra), ...name('moments', moments)]) as Record<string, HostTensor>;
      },
      importState: (state) => {
        const take = <T>(prefix: string, tree: T): T =>
          unflattenTree(
            tree,
            flattenTree<HostTensor>(tree).map((_, i) => copyOf(state[`${prefix}.${i}`]!)),
          );
        extra = take('extra', extra);
        moments = take('moments', moments);
      },
      dispose: () => Promise.resolve(void calls.disposed.push('step')),
    });
  }

  const store: AdapterStore<Float32Array> = {
    get active() {
      return active;
    },
    names: () => [...adapters.keys()],
    create: (name) => void adapters.set(name, new Float32Array(vocabulary * hidden)),
    copy: (from, to) => void adapters.set(to, adapters.get(from)!.slice()),
    activate: (name) => void (active = name),
    delete: (name) => void adapters.delete(name),
    save: async (name, folder) => {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'adapter.json'), JSON.stringify([...adapters.get(name)!]));
    },
    load: async (folder, name) => {
      const values = JSON.parse(await readFile(join(folder, 'adapter.json'), 'utf8')) as number[];
      adapters.set(name, Float32Array.from(values));
    },
    get: (name) => adapters.get(name)!.slice(),
    set: (name, values) => void adapters.set(name, values.slice()),
  };

  return {
    hiddenSize: hidden,
    calls,
    adapters: store,
    generate,
    logProbabilities: async (batch, adapter) => {
      const score = await compileScore<Record<string, never>>(({ logProbs }) => ({ logProbs }));
      return (await score.run(batch, adapter, {}))['logProbs']!;
    },
    compileScore,
    compileStep,
  };
}

function padded({ prompts, responses }: TokenBatch, mutation: Mutation | undefined) {
  const before = Math.max(...prompts.map(({ length }) => length));
  const R = Math.max(...responses.map(({ length }) => length));
  const size = prompts.length * R;
  const [tokens, previous, places] = [new Int32Array(size).fill(EOS), new Int32Array(size).fill(EOS), new Int32Array(size)];
  const mask = new Float32Array(size);
  prompts.forEach((prompt, row) => {
    const response = responses[row]!;
    const row0 = [...new Array<number>(before - prompt.length).fill(EOS), ...Array.from(prompt), ...Array.from(response)];
    const present = row0.map((_, j) => (j < before - prompt.length ? 0 : 1));
    for (let t = 0; t < R; t += 1) {
      const at = row * R + t;
      const j = before + t - 1; // padded index of the token before
      previous[at] = row0[j] ?? EOS;
      const exclusive = present.slice(0, j).reduce<number>((sum, one) => sum + one, 0);
      places[at] = mutation === 'positions count padding' ? j : exclusive;
      tokens[at] = response[t] ?? EOS;
      const inside = t < response.length;
      mask[at] = (mutation === 'mask from pad id' ? tokens[at] !== EOS : inside) ? 1 : 0;
    }
  });
  return { tokens, previous, places, mask, shape: [prompts.length, R] as const };
}

function traced({ columns = {}, scalars = {}, pairs }: TokenBatch, mask: tf.Tensor2D, mutation: Mutation | undefined): TracedBatch {
  const [rows, R] = mask.shape;
  const pad = (values: readonly Float32Array[]): tf.Tensor2D => {
    const data = new Float32Array(rows * R);
    values.forEach((row, i) => data.set(row, i * R));
    return tf.tensor2d(data, [rows, R]);
  };
  return {
    mask,
    columns: Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, pad(values)])),
    scalars: Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, tf.scalar(value)])),
    ...(pairs === undefined || mutation === 'pairs left out' ? {} : { pairs: tracedPairs(pairs, mutation === 'pairs turned round') }),
  };
}

/** One pair more than there are: nothing may count the padding. */
function tracedPairs(pairs: readonly RowPair[], turned: boolean): TracedPairs {
  const padded: readonly RowPair[] = [...pairs, [0, 0]];
  const rows = (side: 0 | 1): tf.Tensor1D =>
    tf.tensor1d(
      padded.map((pair) => pair[side]),
      'int32',
    );
  return {
    chosen: rows(turned ? 1 : 0),
    rejected: rows(turned ? 0 : 1),
    mask: tf.tensor1d(padded.map((_, i) => (i < pairs.length ? 1 : 0))),
  };
}

function merge(parts: readonly Record<string, number>[], join: (a: number, b: number) => number): Record<string, number> {
  return parts.reduce((all, part) => Object.fromEntries(Object.entries(part).map(([name, value]) => [name, join(all[name]!, value)])));
}

/** `tf.tidy` for results that hold no tensors. */
function tidy<T>(work: () => T): T {
  let result: T | undefined;
  tf.tidy(() => {
    result = work();
  });
  return result as T;
}

const isHost = (tree: unknown): tree is HostTensor => typeof tree === 'object' && tree !== null && 'data' in tree && 'dtype' in tree;

function toTensors<P>(tree: unknown): P {
  return change(tree, (leaf) => (isHost(leaf) ? tf.tensor(leaf.data.slice(), [...leaf.shape], leaf.dtype as tf.DataType) : undefined)) as P;
}

function toHosts<H>(tree: unknown): H {
  const host = (leaf: tf.Tensor): HostTensor => ({
    data: leaf.dataSync().slice(),
    shape: leaf.shape,
    dtype: leaf.dtype as 'float32',
  });
  return change(tree, (leaf) => (leaf instanceof tf.Tensor ? host(leaf as tf.Tensor) : undefined)) as H;
}

function change(tree: unknown, leaf: (node: unknown) => unknown): unknown {
  const changed = leaf(tree);
  if (changed !== undefined) return changed;
  if (Array.isArray(tree)) return tree.map((each) => change(each, leaf));
  return Object.fromEntries(Object.entries(tree as object).map(([key, each]) => [key, change(each, leaf)]));
}

function copyOf({ data, shape, dtype }: HostTensor): HostTensor {
  return { data: data.slice(), shape, dtype };
}
