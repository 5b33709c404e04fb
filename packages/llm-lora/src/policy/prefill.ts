import type { TokenIds } from '@expctr/language-model';
import { bucketRows, CompiledCache, mapTree, spec, specOf, type HostTensor, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { applied, loraInputs, type HostLora, type LoraInputs } from '../lora/applied-lora.js';
import type { KeyValues } from '../model/attention.js';
import type { TracedWeights } from '../model/weights.js';
import { bucketTime } from './buckets.js';
import type { PolicyContext } from './context.js';
import { forwardTokens } from './forward.js';
import { causalMask } from './packing.js';
import { nextToken, type NextTokenRequest, type WholeForm } from './next-token.js';
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
  /** [vocabulary]: of the first new token, in the form that was asked for it. */
  readonly next: Float32Array;
}

type Outputs = { readonly next: HostTensor; readonly keyValues: readonly KeyValues<HostTensor>[] };

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
  async run(
    prompts: readonly TokenIds[],
    prefix: Prefix | null,
    lora: HostLora | null,
    request: NextTokenRequest,
  ): Promise<PrefilledPrompt[]> {
    const known = prefix?.tokens.length ?? 0;
    const rest = prompts.map((prompt) => Array.from(prompt).slice(known));
    const order = rest.map((_, index) => index).sort((a, b) => rest[b]!.length - rest[a]!.length);
    const results = new Array<PrefilledPrompt>(prompts.length);
    let first = 0;
    while (first < order.length) {
      const time = bucketTime(rest[order[first]!]!.length);
      const taken = order.slice(first, first + Math.max(1, Math.min(MOST_PROMPTS, Math.floor(this.#context.limits.readTokens / time))));
      const texts = taken.map((index) => rest[index]!);
      const { next, keyValues } = await this.#runBatch(texts, time, prefix, lora, request);
      taken.forEach((index, row) => {
        const size = next.shape[1]!;
        const own = (next.data as Float32Array).slice(row * size, (row + 1) * size);
        results[index] = { prefix, keyValues, row, length: texts[row]!.length, next: own };
      });
      first += taken.length;
    }
    return results;
  }

  #runBatch(
    texts: readonly TokenIds[],
    time: number,
    prefix: Prefix | null,
    lora: HostLora | null,
    { first: form, temperature }: NextTokenRequest,
  ): Promise<Outputs> {
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
      `${batch}x${time},${known},${form},${lora?.structure ?? 'base'}`,
      () => compilePrefill(this.#context, batch, time, prefix, lora, form),
      (compiled) =>
        compiled.run([
          weights.tree,
          loraInputs(lora),
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
  form: WholeForm,
): Promise<Program<Outputs>> {
  const traced = (
    tracedWeights: TracedWeights,
    adapter: LoraInputs<tf.Tensor>,
    sequence: SequenceInputs<tf.Tensor>,
    { last, inverseTemperature }: { last: tf.Tensor; inverseTemperature: tf.Tensor },
    past: readonly KeyValues<tf.Tensor>[],
  ): unknown => {
    const { hidden, keyValues } = forwardTokens(weights, tracedWeights, sequence, { batch, time, lora: applied(lora, adapter), past });
    const read = tf.gather(hidden, last); // [batch, hidden]
    return { next: nextToken(weights, tracedWeights.parameters, read, inverseTemperature, form), keyValues };
  };
  const specs = [
    weights.specs,
    mapTree<unknown, [HostTensor], TensorSpec>(loraInputs(lora), specOf),
    sequenceSpecs(weights, batch, time, 1),
    { last: spec([batch], 'int32'), inverseTemperature: spec([]) },
    prefixSpecs(prefix),
  ];
  return compileProgram(traced, specs, { ...compileOptions, name: `prefill ${batch}x${time}` });
}
