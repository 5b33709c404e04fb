// Training steps that the engine's benchmark compiles: plain tfjs functions over parameter trees.
import {
  frozenMatMul,
  mapTree,
  spec,
  valueAndGrad,
  type FrozenMatrix,
  type MappedTree,
  type SpecsOf,
  type TensorSpec,
  type ValueAndGrads,
} from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';

/** A function to compile, and the specs of its arguments. */
export interface Program<A extends readonly unknown[], R = unknown> {
  /** Name for messages. */
  readonly name: string;
  readonly fn: (...args: A) => R;
  readonly specs: SpecsOf<A>;
}

/** A layer of DeepFM's network. */
interface DenseLayer<L> {
  readonly weight: L;
  readonly bias: L;
}

/** What DeepFM's step is differentiated by. */
interface DeepFmInputs<L> {
  /** [batch, fields, width] */
  readonly embeddings: L;
  /** [batch, fields] */
  readonly linear: L;
  readonly layers: readonly DenseLayer<L>[];
}

/** DeepFM's step without its tables: gathered embeddings in, the gradients of everything out. */
export function deepfm({ batch = 4096, fields = 6, width = 16, hidden = [400, 400, 400] } = {}): Program<
  [DeepFmInputs<tf.Tensor>, tf.Tensor]
> {
  const sizes = [fields * width, ...hidden, 1];
  const layers = sizes.slice(1).map((out, i) => ({ weight: spec([sizes[i]!, out]), bias: spec([out]) }));
  function loss({ embeddings, linear, layers }: DeepFmInputs<tf.Tensor>, labels: tf.Tensor): tf.Tensor {
    const first = tf.sum(linear, 1, true); // [batch, 1]
    const sum = tf.sum(embeddings, 1); // [batch, width]
    const second = tf.mul(0.5, tf.sum(tf.sub(tf.square(sum), tf.sum(tf.square(embeddings), 1)), 1, true)); // [batch, 1]
    let hiddenState: tf.Tensor = tf.reshape(embeddings, [batch, fields * width]);
    layers.forEach(({ weight, bias }, i) => {
      hiddenState = tf.add(tf.matMul(hiddenState, weight), bias);
      if (i < layers.length - 1) hiddenState = tf.relu(hiddenState);
    });
    const logit = tf.add(tf.add(first, second), hiddenState); // [batch, 1]
    return tf.mean(tf.add(tf.sub(tf.relu(logit), tf.mul(logit, labels)), tf.softplus(tf.neg(tf.abs(logit)))));
  }
  return {
    name: 'deepfm',
    fn: valueAndGrad(loss),
    specs: [{ embeddings: spec([batch, fields, width]), linear: spec([batch, fields]), layers }, spec([batch, 1])],
  };
}

/** LoRA factors of a layer: A [width, rank] and B [rank, out] of q and v. */
export interface Lora<L> {
  readonly qa: L;
  readonly qb: L;
  readonly va: L;
  readonly vb: L;
}

/** Frozen weights of a layer; matrices are [out, in]. */
export interface Layer<L> {
  readonly norm1: L;
  readonly q: FrozenMatrix<L>;
  readonly k: FrozenMatrix<L>;
  readonly v: FrozenMatrix<L>;
  readonly o: FrozenMatrix<L>;
  readonly norm2: L;
  readonly gate: FrozenMatrix<L>;
  readonly up: FrozenMatrix<L>;
  readonly down: FrozenMatrix<L>;
}

/** Frozen weights before the first layer and behind the last. */
export interface Ends<L> {
  readonly norm: L;
  /** [vocabulary, width], for look-ups. */
  readonly embedding: L;
  /** The same as the head's matrix. */
  readonly table: FrozenMatrix<L>;
}

/** One layer: the state [batch * time, width] behind it. */
type Block = (lora: Lora<tf.Tensor>, weights: Layer<tf.Tensor>, x: tf.Tensor2D) => tf.Tensor2D;

/** How the benchmark's Llama is made. */
export interface LlamaOptions {
  readonly batch?: number;
  readonly time?: number;
  readonly rank?: number;
  /** Base of the rotary positions. */
  readonly theta?: number;
  /** How a matrix of this shape is stored. */
  readonly store?: (shape: readonly [out: number, inner: number]) => FrozenMatrix<TensorSpec>;
}

/** The parts of the benchmark's Llama. */
export interface LlamaParts {
  /** Specs of a layer, of its adapter, of what stands around all layers, and of token ids [batch, time]. */
  readonly base: Layer<TensorSpec>;
  readonly adapter: Lora<TensorSpec>;
  readonly ends: Ends<TensorSpec>;
  readonly ids: TensorSpec<readonly [number, number]>;
  readonly sizes: { readonly width: number; readonly vocabulary: number; readonly tokens: number };
  /** Spec of the state between layers. */
  readonly carry: TensorSpec<readonly [number, number]>;
  readonly embed: (embedding: tf.Tensor, ids: tf.Tensor) => tf.Tensor2D;
  readonly block: Block;
  /** The mean loss behind the last block. */
  readonly head: (ends: Ends<tf.Tensor>, x: tf.Tensor2D, targets: tf.Tensor) => tf.Tensor;
}

/** The parts of a LoRA step (rank 16 on q and v) of a SmolLM2-135M-shaped Llama. Base weights are inputs. */
export function llamaParts(options: LlamaOptions = {}): LlamaParts {
  const { batch = 4, time = 256, rank = 16, theta = 10_000, store = (shape) => ({ float32: spec(shape) }) } = options;
  const [width, heads, groups, head, inner, vocabulary] = [576, 9, 3, 64, 1536, 49152] as const;
  const base = {
    norm1: spec([width]),
    q: store([width, width]),
    k: store([groups * head, width]),
    v: store([groups * head, width]),
    o: store([width, width]),
    norm2: spec([width]),
    gate: store([inner, width]),
    up: store([inner, width]),
    down: store([width, inner]),
  };
  const adapter = { qa: spec([width, rank]), qb: spec([rank, width]), va: spec([width, rank]), vb: spec([rank, groups * head]) };
  const half = head / 2;
  const angles = Array.from({ length: time * half }, (_, i) => Math.floor(i / half) * theta ** ((-2 * (i % half)) / head));
  const rms = (x: tf.Tensor2D, w: tf.Tensor): tf.Tensor2D => tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-5))), w);

  const block: Block = (lora, p, x) => {
    const table = (f: (angle: number) => number): tf.Tensor => tf.tensor(Float32Array.from(angles, f), [1, time, 1, half]);
    const [cos, sin] = [table(Math.cos), table(Math.sin)];
    const mask = tf.tensor(
      Float32Array.from({ length: time * time }, (_, i) => (i % time > Math.floor(i / time) ? -1e9 : 0)),
      [1, 1, time, time],
    );
    const rotate = (y: tf.Tensor4D): tf.Tensor4D => {
      const [a, b] = tf.split(y, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
      return tf.concat<tf.Tensor4D>([tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))], 3);
    };
    const withAdapter = (y: tf.Tensor2D, w: FrozenMatrix<tf.Tensor>, a: tf.Tensor, b: tf.Tensor): tf.Tensor2D =>
      tf.add(frozenMatMul(y, w), tf.mul(2, tf.matMul(tf.matMul(y, a), b)));
    const h = rms(x, p.norm1);
    const query = rotate(tf.reshape(withAdapter(h, p.q, lora.qa, lora.qb), [batch, time, heads, head]));
    const key = rotate(tf.reshape(frozenMatMul(h, p.k), [batch, time, groups, head]));
    const value = tf.reshape(withAdapter(h, p.v, lora.va, lora.vb), [batch, time, groups, head]);
    const grouped = tf.transpose(tf.reshape(query, [batch, time, groups, heads / groups, head]), [0, 2, 3, 1, 4]);
    const q = tf.reshape(grouped, [batch, groups, (heads / groups) * time, head]);
    const scores = tf.mul(tf.matMul(q, tf.transpose(key, [0, 2, 1, 3]), false, true), 1 / Math.sqrt(head));
    const weights = tf.softmax(tf.add(tf.reshape(scores, [batch, heads, time, time]), mask)); // [batch, heads, time, time]
    const mixed = tf.matMul(tf.reshape(weights, [batch, groups, (heads / groups) * time, time]), tf.transpose(value, [0, 2, 1, 3]));
    const back = tf.transpose(tf.reshape(mixed, [batch, groups, heads / groups, time, head]), [0, 3, 1, 2, 4]);
    const attended: tf.Tensor2D = tf.add(x, frozenMatMul(tf.reshape(back, [batch * time, width]), p.o));
    const n = rms(attended, p.norm2);
    const gate = frozenMatMul(n, p.gate);
    return tf.add(attended, frozenMatMul(tf.mul(tf.mul(gate, tf.sigmoid(gate)), frozenMatMul(n, p.up)), p.down));
  };

  function lossOf({ norm, embedding, table }: Ends<tf.Tensor>, x: tf.Tensor2D, targets: tf.Tensor): tf.Tensor {
    const n = rms(x, norm);
    const logits = frozenMatMul(n, table); // [batch * time, vocabulary]
    const largest = tf.max(logits, 1, true);
    const normalizer = tf.add(tf.log(tf.sum(tf.exp(tf.sub(logits, largest)), 1, true)), largest);
    const chosen = tf.sum(tf.mul(n, tf.gather(embedding, tf.reshape(targets, [batch * time]))), 1, true);
    return tf.mean(tf.sub(normalizer, chosen));
  }
  return {
    base,
    adapter,
    ends: { norm: spec([width]), embedding: spec([vocabulary, width]), table: store([vocabulary, width]) },
    ids: spec([batch, time], 'int32'),
    sizes: { width, vocabulary, tokens: batch * time },
    carry: spec([batch * time, width]),
    embed: (embedding, ids) => tf.gather(embedding, tf.reshape(ids, [batch * time])) as tf.Tensor2D,
    block,
    head: lossOf,
  };
}

/** Arguments of the whole step: adapters, layers, what stands around them, token ids, targets. */
export type LlamaArguments<L> = [readonly Lora<L>[], readonly Layer<L>[], Ends<L>, L, L];

/** The whole LoRA step as one graph: adapters' gradients out. */
export interface LlamaProgram extends Program<LlamaArguments<tf.Tensor>, ValueAndGrads<readonly Lora<tf.Tensor>[]>> {
  readonly specs: LlamaArguments<TensorSpec>;
  /** Number of token ids. */
  readonly vocabulary: number;
}

/** The step of a model of `depth` layers. @param options with `wrap`, what is made of a block: `checkpoint` */
export function llama({
  depth = 30,
  wrap = (block) => block,
  ...options
}: LlamaOptions & { readonly depth?: number; readonly wrap?: (block: Block) => Block } = {}): LlamaProgram {
  const { base, adapter, ends, ids, sizes, embed, block, head } = llamaParts(options);
  const each = wrap(block);
  function loss(...[adapters, layers, around, tokens, targets]: LlamaArguments<tf.Tensor>): tf.Tensor {
    let x = embed(around.embedding, tokens);
    layers.forEach((layer, l) => (x = tf.tidy(`layer${l}`, () => each(adapters[l]!, layer, x))));
    return tf.tidy('head', () => head(around, x, targets));
  }
  const repeated = <T>(leaf: T): T[] => Array.from({ length: depth }, () => leaf);
  return {
    name: 'llama',
    fn: valueAndGrad(loss),
    vocabulary: sizes.vocabulary,
    specs: [repeated(adapter), repeated(base), ends, ids, ids],
  };
}

/** Random inputs for a tree of specs: vectors are ones, ids below `integers`, all else uniform within `scale` / 2 of 0. */
export function randomInputs<T>(specs: T, { scale = 0.06, integers = 2 } = {}): MappedTree<T, Float32Array | Int32Array> {
  let seed = 1;
  const random = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  return mapTree<T, [TensorSpec], Float32Array | Int32Array>(specs, ({ shape, dtype }) => {
    const length = shape.reduce((a, b) => a * b, 1);
    if (dtype === 'int32') return Int32Array.from({ length }, () => Math.floor(random() * integers));
    return shape.length === 1 ? new Float32Array(length).fill(1) : Float32Array.from({ length }, () => (random() - 0.5) * scale);
  });
}
