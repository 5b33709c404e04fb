import type { TokenIds } from '@expctr/language-model';
import { CompiledCache, mapTree, specOf, type HostTensor, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import { applied, loraInputs, type HostLora, type LoraInputs } from '../lora/applied-lora.js';
import type { KeyValues } from '../model/attention.js';
import type { TracedWeights } from '../model/weights.js';
import type { PolicyContext } from './context.js';
import { forwardTokens } from './forward.js';
import { causalMask } from './packing.js';
import { commonPrefixLength, keyOf } from './token-ids.js';
import { sequenceSpecs, type SequenceInputs } from './token-inputs.js';
import { compileProgram, type Program } from './program.js';

/** Keys and values of a text that begins others. */
export interface Prefix {
  readonly tokens: readonly number[];
  /** One entry for each block, [1, keyValueHeads, tokens, headDim]. */
  readonly keyValues: readonly KeyValues<HostTensor>[];
}

/** Shorter beginnings are cheaper to compute again than to keep apart. */
const SHORTEST = 16;

/** Prefixes that are remembered. */
const KEPT = 4;

/**
 * Computes the common beginning of many texts (instructions, examples) once. The last few are remembered: for the base model,
 * whose weights never change, with their keys and values; for an adapter as tokens, so that what texts have in common by chance
 * beyond their template does not ask for functions of ever new shapes.
 */
export class PrefixCache {
  readonly #context: PolicyContext;
  readonly #compiled: CompiledCache<Program<readonly KeyValues<HostTensor>[]>>;
  #known: (Pick<Prefix, 'tokens'> & Partial<Prefix>)[] = [];

  constructor(context: PolicyContext) {
    this.#context = context;
    this.#compiled = new CompiledCache(context.limits.compiledFunctions);
    context.onDispose(() => this.#compiled.clear());
  }

  /**
   * The common beginning of the texts, without the last token of any, if it is worth it.
   * @param lora null = the base model without an adapter's graph
   */
  async find(texts: readonly TokenIds[], lora: HostLora | null): Promise<Prefix | null> {
    const common = Math.min(commonPrefixLength(texts), ...texts.map(({ length }) => length - 1));
    const known = this.#longestKnown(texts[0]!, common);
    const single = texts.length < 2;
    if (known !== undefined && (single || known.tokens.length >= 0.75 * common)) {
      if (lora === null && known.keyValues !== undefined) return { tokens: known.tokens, keyValues: known.keyValues };
      if (!single) return this.#remember(known.tokens, lora);
    }
    const length = common - (common % 8);
    if (length < SHORTEST || single) return null;
    return this.#remember(Array.from(texts[0]!).slice(0, length), lora);
  }

  #longestKnown(text: TokenIds, common: number): (Pick<Prefix, 'tokens'> & Partial<Prefix>) | undefined {
    const fitting = this.#known.filter(({ tokens }) => tokens.length <= common && tokens.every((token, at) => token === text[at]));
    return fitting.sort((a, b) => b.tokens.length - a.tokens.length)[0];
  }

  async #remember(tokens: readonly number[], lora: HostLora | null): Promise<Prefix> {
    const prefix = await this.#compute(tokens, lora);
    const others = this.#known.filter((other) => keyOf(other.tokens) !== keyOf(tokens));
    this.#known = [lora === null ? prefix : { tokens }, ...others].slice(0, KEPT);
    return prefix;
  }

  async #compute(tokens: readonly number[], lora: HostLora | null): Promise<Prefix> {
    const { weights } = this.#context;
    const time = tokens.length;
    const positions = tokens.map((_, position) => position);
    const inputs = {
      tokens: Int32Array.from(tokens),
      positions: weights.family.positions.values(weights.config, positions),
      mask: causalMask(time),
    };
    const keyValues = await this.#compiled.use(
      `${time},${lora?.structure ?? 'base'}`,
      () => compilePrefix(this.#context, time, lora),
      (compiled) => compiled.run([weights.tree, loraInputs(lora), inputs]),
    );
    return { tokens, keyValues };
  }
}

function compilePrefix(
  { weights, compileOptions }: PolicyContext,
  time: number,
  lora: HostLora | null,
): Promise<Program<readonly KeyValues<HostTensor>[]>> {
  const traced = (tracedWeights: TracedWeights, adapter: LoraInputs<tf.Tensor>, sequence: SequenceInputs<tf.Tensor>): unknown =>
    forwardTokens(weights, tracedWeights, sequence, { batch: 1, time, lora: applied(lora, adapter), past: [] }).keyValues;
  const specs = [weights.specs, mapTree<unknown, [HostTensor], TensorSpec>(loraInputs(lora), specOf), sequenceSpecs(weights, 1, time)];
  return compileProgram(traced, specs, { ...compileOptions, name: `prefix ${time}` });
}

/** Specs of a prefix as an argument of a compiled function. */
export function prefixSpecs(prefix: Prefix | null): unknown {
  return mapTree<unknown, [HostTensor], TensorSpec>(prefix?.keyValues ?? [], specOf);
}
