import type { TokenIds } from '@expctr/language-model';
import { bucketRows, CompiledCache, spec, specOf, type HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { HostLora } from '../lora/lora-store.js';
import type { LoraTree } from '../lora/lora-tree.js';
import type { KeyValues } from '../model/attention.js';
import { mapLora, type TracedWeights } from '../model/weights.js';
import { bucketTime } from './buckets.js';
import type { PolicyContext } from './context.js';
import { forwardTokens } from './forward.js';
import { causalMask } from './packing.js';
import { nextToken } from './next-token.js';
import { prefixSpecs, type Prefix } from './prefix-cache.js';
import { sequenceSpecs, type SequenceInputs } from './token-inputs.js';
import { compileProgram, type Program } from './program.js';
import { inverseTemperatureOf } from './temperature.js';

/** A prompt that went through the model. */
export interface PrefilledPrompt {
  /** Keys and values of a beginning that other prompts share, or null. */
  readonly prefix: Prefix | null;
  /** Keys and values of the rest, [rows, keyValueHeads, time, headDim] for each block. */
  readonly keyValues: readonly KeyValues<HostTensor>[];
  /** The prompt's row in `keyValues`. */
  readonly row: number;
  /** Tokens of the rest. */
  readonly length: number;
  /** [vocabulary]: distribution of the first new token at the sampling temperature. */
  readonly probabilities: Float32Array;
}

type Outputs = { readonly probabilities: HostTensor; readonly keyValues: readonly KeyValues<HostTensor>[] };

/** Prompts that go through the model at a time: more are no faster, and would be further shapes to compile. */
const MOST_PROMPTS = 8;

/** Sends prompts through the model, a batch at a time. */
export class Prefill {
  readonly #context: PolicyContext;
  readonly #compiled: CompiledCache<Program<Outputs>>;

  constructor(context: PolicyContext) {
    this.#context = context;
    this.#compiled = new CompiledCache(context.limits.compiledFunctions);
    context.onDispose(() => this.#compiled.clear());
  }

  /** @param prompts distinct; each begins with `prefix` and is longer than it */
  async run(prompts: readonly TokenIds[], prefix: Prefix | null, lora: HostLora | null, temperature: number): Promise<PrefilledPrompt[]> {
    const known = prefix?.tokens.length ?? 0;
    const rest = prompts.map((prompt) => Array.from(prompt).slice(known));
    const order = rest.map((_, index) => index).sort((a, b) => rest[b]!.length - rest[a]!.length);
    const results = new Array<PrefilledPrompt>(prompts.length);
    let first = 0;
    while (first < order.length) {
      const time = bucketTime(rest[order[first]!]!.length);
      const taken = order.slice(first, first + Math.max(1, Math.min(MOST_PROMPTS, Math.floor(this.#context.limits.readTokens / time))));
      const texts = taken.map((index) => rest[index]!);
      const { probabilities, keyValues } = await this.#runBatch(texts, time, prefix, lora, temperature);
      taken.forEach((index, row) => {
        const size = probabilities.shape[1]!;
        const own = (probabilities.data as Float32Array).slice(row * size, (row + 1) * size);
        results[index] = { prefix, keyValues, row, length: texts[row]!.length, probabilities: own };
      });
      first += taken.length;
    }
    return results;
  }

  #runBatch(texts: readonly TokenIds[], time: number, prefix: Prefix | null, lora: HostLora | null, temperature: number): Promise<Outputs> {
    const { weights } = this.#context;
    const batch = bucketRows(texts.length);
    const known = prefix?.tokens.length ?? 0;
    const tokens = new Int32Array(batch * time);
    const last = new Int32Array(batch);
    texts.forEach((text, row) => {
      tokens.set(text, row * time);
      last[row] = row * time + text.length - 1;
    });
    const positions = Array.from({ length: time }, (_, at) => known + at);
    // padding follows each text, so the causal mask alone keeps it out of sight
    const inputs = { tokens, positions: weights.family.positions.values(weights.config, positions), mask: causalMask(time) };
    return this.#compiled.use(
      `${batch}x${time},${known},${lora?.structure ?? 'base'}`,
      () => compilePrefill(this.#context, batch, time, prefix, lora),
      (compiled) =>
        compiled.run([
          weights.tree,
          lora?.tree ?? [],
          inputs,
          { last, inverseTemperature: inverseTemperatureOf(temperature) },
          prefix?.keyValues ?? [],
        ]),
    );
  }
}

function compilePrefill(
  { weights, compileOptions }: PolicyContext,
  batch: number,
  time: number,
  prefix: Prefix | null,
  lora: HostLora | null,
): Promise<Program<Outputs>> {
  const scale = lora?.scale ?? 0;
  const traced = (
    tracedWeights: TracedWeights,
    tree: LoraTree<tf.Tensor>,
    sequence: SequenceInputs<tf.Tensor>,
    { last, inverseTemperature }: { last: tf.Tensor; inverseTemperature: tf.Tensor },
    past: readonly KeyValues<tf.Tensor>[],
  ): unknown => {
    const { hidden, keyValues } = forwardTokens(weights, tracedWeights, sequence, { batch, time, lora: tree, scale, past });
    const read = tf.gather(hidden, last); // [batch, hidden]
    return { probabilities: nextToken(weights, tracedWeights.parameters, read, inverseTemperature), keyValues };
  };
  const specs = [
    weights.specs,
    lora === null ? [] : mapLora(lora.tree, specOf),
    sequenceSpecs(weights, batch, time, 1),
    { last: spec([batch], 'int32'), inverseTemperature: spec([]) },
    prefixSpecs(prefix),
  ];
  return compileProgram(traced, specs, { ...compileOptions, name: `prefill ${batch}x${time}` });
}
