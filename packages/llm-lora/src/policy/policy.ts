import type { Optimizer } from '@expctr/tfjs-backend-onnx';
import type { LoraConfig } from '../formats/adapter.js';
import { loadCheckpoint, type Checkpoint } from '../formats/checkpoint.js';
import type { LlamaConfig } from '../formats/llama-config.js';
import { AdapterStore } from '../lora/adapter-store.js';
import { DECODERS, type DecoderName } from '../model/table.js';
import { modelWeights } from '../model/weights.js';
import { checkTokenizer } from '../tokenizer/check-tokenizer.js';
import { loadTokenizer } from '../tokenizer/load-tokenizer.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { createScoreAnswers, type AnswerOptions, type ScoreAnswers } from './answers.js';
import type { PolicyContext, PolicyLimits } from './context.js';
import { createGenerate, type Completion, type Generate, type SamplingOptions } from './generate.js';
import { createScore, type Score, type ScoreHead } from './score.js';
import { createStep, type StepLoss, type TrainStep } from './step.js';
import type { HostTreeOf, TokenBatch } from './token-batch.js';
import type { TokenIds } from './token-ids.js';

/** Options of {@link createPolicy}. */
export interface PolicyOptions {
  /** Shape of the adapters that `adapters.create` makes. Default: rank 16, alpha 32, on q_proj and v_proj. */
  readonly lora?: LoraConfig;
  /** Bounds on memory; each has a default of its own. */
  readonly limits?: Partial<PolicyLimits>;
  /** Threads of one operation. Default: the cores available. */
  readonly threads?: number;
  /** Model family. Default 'llama'. */
  readonly architecture?: DecoderName;
}

/** Weights up to this count are packed into the decoding functions: 2^28 float32 are 1 GiB. */
const LARGEST_PACKED = 2 ** 28;

const DEFAULT_LORA: LoraConfig = { rank: 16, alpha: 32, targetModules: ['q_proj', 'v_proj'] };

const DEFAULT_LIMITS: Omit<PolicyLimits, 'decoderWeights'> = {
  batchTokens: 384,
  readTokens: 2048,
  sequences: 32,
  compiledFunctions: 12,
  decoders: 2,
  vocabularyPart: 2048,
};

/**
 * A language model that generates, scores and is trained: frozen base weights and named LoRA adapters. It matches the `Policy`
 * of `@expctr/ppo` by structure. Its functions run on the tfjs backend that is active when they are first used: call
 * `useOnnx()` of `@expctr/tfjs-backend-onnx` before for compiled graphs.
 */
export class LlamaPolicy {
  /** Hyperparameters of the base model. */
  readonly config: LlamaConfig;
  /** The tokenizer given to {@link createPolicy}, or null. */
  readonly tokenizer: Tokenizer | null;
  /** Named adapters; none at first. */
  readonly adapters: AdapterStore;
  readonly #context: PolicyContext;
  readonly #generate: Generate;
  readonly #scoreAnswers: ScoreAnswers;
  readonly #score: Score<Record<string, never>>;
  readonly #frees: (() => Promise<void>)[] = [];

  /** Use {@link createPolicy}. */
  constructor(checkpoint: Checkpoint, tokenizer: Tokenizer | null, options: PolicyOptions) {
    const { lora = DEFAULT_LORA, limits = {}, threads, architecture = 'llama' } = options;
    const weights = modelWeights(DECODERS[architecture], checkpoint, limits.vocabularyPart ?? DEFAULT_LIMITS.vocabularyPart);
    const count = [...checkpoint.tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
    const adapters = new AdapterStore(weights, lora);
    this.config = checkpoint.config;
    this.tokenizer = tokenizer;
    this.adapters = adapters;
    this.#context = {
      weights,
      adapters,
      limits: { ...DEFAULT_LIMITS, decoderWeights: count > LARGEST_PACKED ? 'inputs' : 'constants', ...limits },
      compileOptions: threads === undefined ? {} : { threads },
      lora: (name) => (name === null ? adapters.baseHost() : adapters.host(name)),
      onDispose: (free) => void this.#frees.push(free),
    };
    this.#generate = createGenerate(this.#context);
    this.#scoreAnswers = createScoreAnswers(this.#context);
    this.#score = createScore(this.#context, ({ logProbs }) => ({ logProbs }));
  }

  /** Last dimension of `TokenOutputs.hidden`. */
  get hiddenSize(): number {
    return this.config.hiddenSize;
  }

  /**
   * Samples completions in prompt-major order. Equal prompts, and what all prompts begin with, go through the model once.
   * @throws {@link PolicyError} for prompts that do not fit the context and for wrong options
   */
  generate(prompts: readonly TokenIds[], options: SamplingOptions): Promise<Completion[]> {
    return this.#generate(prompts, options);
  }

  /** Log-probabilities of the response tokens in nats, ragged like `batch.responses`; adapter null = the base model. */
  async logProbabilities(batch: TokenBatch, adapter: string | null): Promise<Float32Array[]> {
    const { logProbs } = await this.#score(batch, adapter, {});
    return logProbs ?? [];
  }

  /**
   * log P(answer | prompt) in nats, summed over all tokens of each answer.
   * @param prompts what comes before the answers; a beginning that all of them share is computed once
   * @param answers `answers[i]` are the possible answers to `prompts[i]`
   * @returns one array for each prompt, in the order of its answers
   */
  scoreAnswers(prompts: readonly TokenIds[], answers: readonly (readonly TokenIds[])[], options?: AnswerOptions): Promise<Float32Array[]> {
    return this.#scoreAnswers(prompts, answers, options);
  }

  /** A scoring pass that returns whatever `head` computes per response token, [rows, R] each. It is compiled as shapes come. */
  compileScore<P>(head: ScoreHead<P>): Promise<Score<P>> {
    return Promise.resolve(createScore(this.#context, head));
  }

  /** A training step of the adapter that is active now, and of `extra` beside it. It is compiled as shapes come. */
  compileStep<P>(loss: StepLoss<P>, optimizer: Optimizer, extra: HostTreeOf<P>): Promise<TrainStep<P>> {
    return createStep(this.#context, loss, optimizer, extra);
  }

  /** Frees all compiled functions. */
  async dispose(): Promise<void> {
    for (const free of this.#frees) await free();
  }
}

/** A policy over a checkpoint. @param tokenizer kept for the caller's convenience; the policy itself knows token ids only */
export function createPolicy(checkpoint: Checkpoint, tokenizer: Tokenizer | null = null, options: PolicyOptions = {}): LlamaPolicy {
  return new LlamaPolicy(checkpoint, tokenizer, options);
}

/** A policy that came with its tokenizer. */
export interface CausalLM extends LlamaPolicy {
  /** The model's tokenizer. */
  readonly tokenizer: Tokenizer;
}

/** Loads weights and tokenizer of a folder or GGUF file into a policy. @throws {@link FormatError} {@link TokenizerError} */
export async function loadCausalLM(path: string, options: PolicyOptions = {}): Promise<CausalLM> {
  const [checkpoint, tokenizer] = await Promise.all([loadCheckpoint(path), loadTokenizer(path)]);
  checkTokenizer(tokenizer, checkpoint);
  return createPolicy(checkpoint, tokenizer, options) as CausalLM;
}
