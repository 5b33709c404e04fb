import { checkOptions, type OptionKeys } from '@expctr/core';
import type { AnswerOptions, Completion, SamplingOptions, TokenIds, Tokenizer } from '@expctr/language-model';
import type { HostTreeOf, LanguageModel, Score, ScoreHead, StepLoss, TokenBatch, TrainStep } from '@expctr/language-model/training';
import type { FrozenFormat, Optimizer } from '@expctr/tfjs-backend-onnx';
import type { Adapter } from '../formats/adapter.js';
import { locateModel } from '../formats/locate-model.js';
import { loadStoredCheckpoint, type Checkpoint, type LoadCheckpointOptions } from '../formats/checkpoint.js';
import type { StoredTensor } from '../formats/host-tensor.js';
import { planLora, type LoraOptions } from '../lora/lora-options.js';
import { LoraStore } from '../lora/lora-store.js';
import { loraSites } from '../lora/lora-tree.js';
import { WeightNorms } from '../lora/weight-norms.js';
import type { DecoderConfig } from '../model/config.js';
import { storedFormat, matrixNorms } from '../model/host-matrix.js';
import { parameterTree } from '../model/parameters.js';
import { modelWeights, storedAs } from '../model/weights.js';
import { checkTokenizer } from '../tokenizer/check-tokenizer.js';
import { loadTokenizer } from '../tokenizer/load-tokenizer.js';
import { createScoreAnswers } from './answers.js';
import { checkLogProbs } from './check-finite.js';
import type { PolicyContext, PolicyLimits } from './context.js';
import { PolicyError } from './errors.js';
import { createGenerate } from './generate.js';
import { completeLimits } from './limits.js';
import { createScore } from './score.js';
import { createStep } from './step.js';

/** Options of {@link createPolicy}. */
export interface PolicyOptions {
  /** What `adapters.create` makes. Default: rank 16, alpha 32, on the layers that are usual for the family. */
  readonly lora?: LoraOptions;
  /** Bounds on memory; each has a default of its own. */
  readonly limits?: Partial<PolicyLimits>;
  /**
   * How the matrices are stored that `generate` multiplies by. `int8` writes faster and in less memory, not quite what the policy would
   * have written; log-probabilities, reading and training stay in float32. Default `float32`.
   */
  readonly samplingWeights?: FrozenFormat;
  /** Threads of one operation. Default: the cores available. */
  readonly threads?: number;
}

/**
 * A language model that generates, scores, reads answers and is trained: frozen base weights and named LoRA adapters, of any model
 * family. Its functions run on the tfjs backend that is active when they are first used: call `useOnnx()` of
 * `@expctr/tfjs-backend-onnx` before for compiled graphs.
 */
export class CausalLM implements LanguageModel<Adapter> {
  /** Its model family, as its files name it. */
  readonly family: string;
  /** Hyperparameters of the base model, of the family's own type. */
  readonly config: DecoderConfig;
  /** The base model, as it is kept. */
  readonly checkpoint: Checkpoint<DecoderConfig, StoredTensor>;
  /** Named adapters; none at first. */
  readonly adapters: LoraStore;
  readonly #tokenizer: Tokenizer | null;
  readonly #samplingWeights: FrozenFormat;
  #generate: Promise<LanguageModel['generate']> | undefined;
  readonly #scoreAnswers: LanguageModel['scoreAnswers'];
  readonly #score: Score<Record<string, never>>;
  readonly #context: PolicyContext;
  readonly #frees = new Set<() => Promise<void>>();

  /** Use {@link createPolicy}. */
  constructor(
    checkpoint: Checkpoint<DecoderConfig, StoredTensor>,
    tokenizer: Tokenizer | null,
    { lora = {}, limits = {}, samplingWeights = 'float32', threads }: PolicyOptions,
  ) {
    const { family, config, tensors } = checkpoint;
    const bounds = completeLimits(limits, tensors);
    const weights = modelWeights(checkpoint, bounds.vocabularyPart);
    const compileOptions = threads === undefined ? {} : { threads };
    const sites = loraSites(family.layout(config), config.layers);
    const rowNorms = matrixNorms(weights.tree.parameters.linears, sites.linears);
    const adapters = new LoraStore(sites, planLora(lora, sites, family.loraTargets), rowNorms);
    const norms = new WeightNorms(weights, compileOptions, rowNorms);
    this.#frees.add(() => norms.dispose());
    this.checkpoint = checkpoint;
    this.family = family.name;
    this.config = config;
    this.adapters = adapters;
    this.#tokenizer = tokenizer;
    this.#context = {
      weights,
      adapters,
      limits: bounds,
      compileOptions,
      lora: (name) => {
        const host = name === null ? adapters.baseHost() : adapters.host(name);
        return host === null ? Promise.resolve(null) : norms.ready(host);
      },
      onDispose: (free) => {
        this.#frees.add(free);
        return () => void this.#frees.delete(free);
      },
    };
    this.#samplingWeights = samplingWeights;
    this.#scoreAnswers = createScoreAnswers(this.#context);
    this.#score = createScore(this.#context, ({ logProbs }) => ({ logProbs }));
  }

  /** Text to token ids and back. @throws {@link PolicyError} `POLICY_NO_TOKENIZER` where {@link createPolicy} was given none */
  get tokenizer(): Tokenizer {
    if (this.#tokenizer !== null) return this.#tokenizer;
    throw new PolicyError('POLICY_NO_TOKENIZER', 'the policy was made without a tokenizer', {
      where: 'CausalLM.tokenizer',
      remedy: 'load the model with loadCausalLM(path), or give createPolicy a tokenizer',
    });
  }

  /** Longest context, prompt and response together, in tokens. */
  get maxPositions(): number {
    return this.config.maxPositions;
  }

  /** Last dimension of `TokenOutputs.hidden`. */
  get hiddenSize(): number {
    return this.config.hiddenSize;
  }

  /**
   * Samples completions in prompt-major order. Equal prompts, and what all prompts begin with, go through the model once.
   * @throws {@link PolicyError} for prompts that do not fit the context, for wrong options, and before a token is drawn from logits that are not finite
   */
  async generate(prompts: readonly TokenIds[], options: SamplingOptions): Promise<Completion[]> {
    this.#generate ??= this.#createGenerate();
    return (await this.#generate)(prompts, options);
  }

  async #createGenerate(): Promise<LanguageModel['generate']> {
    const { weights } = this.#context;
    const tokenizer = (): Tokenizer => this.tokenizer;
    if (this.#samplingWeights === 'float32') return createGenerate(this.#context, tokenizer);
    return createGenerate({ ...this.#context, weights: await storedAs(this.#samplingWeights, weights) }, tokenizer);
  }

  /**
   * Log-probabilities of the response tokens in nats, ragged like `batch.responses`; adapter null = the base model.
   * @throws {@link PolicyError} `POLICY_NOT_FINITE` where one is NaN or infinite
   */
  async logProbabilities(batch: TokenBatch, adapter: string | null): Promise<Float32Array[]> {
    const { logProbs = [] } = await this.#score.run(batch, adapter, {});
    logProbs.forEach((row, index) => {
      checkLogProbs(row, `logProbabilities, row ${index}`);
    });
    return logProbs;
  }

  /**
   * log P(answer | prompt) in nats, summed over all tokens of each answer.
   * @param prompts what comes before the answers; a beginning that all of them share is computed once
   * @param answers `answers[i]` are the possible answers to `prompts[i]`
   * @returns one array for each prompt, in the order of its answers
   * @throws {@link PolicyError} `POLICY_NOT_FINITE` where one is NaN or infinite
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

  /** Frees all compiled functions, those of scores and steps too. */
  async dispose(): Promise<void> {
    for (const free of [...this.#frees]) await free();
  }
}

const FORMATS: Readonly<Record<FrozenFormat, true>> = { float32: true, float16: true, int8: true, int4: true };

const CREATE_POLICY_OPTIONS: OptionKeys<PolicyOptions> = { lora: true, limits: true, samplingWeights: true, threads: true };

/**
 * A policy over a checkpoint, of the family that the checkpoint names.
 * @param tokenizer for the caller: the policy itself knows token ids only
 * @throws {@link PolicyError} `POLICY_OPTION`, as where `samplingWeights` is another small format than that of the checkpoint
 */
export function createPolicy(
  checkpoint: Checkpoint<DecoderConfig, StoredTensor>,
  tokenizer: Tokenizer | null = null,
  options: PolicyOptions = {},
): CausalLM {
  checkOptions('createPolicy', options, CREATE_POLICY_OPTIONS);
  const { samplingWeights = 'float32' } = options;
  checkFormat('samplingWeights', samplingWeights);
  checkSampling(
    samplingWeights,
    storedFormat(parameterTree(checkpoint.family.layout(checkpoint.config), checkpoint).linears),
    'createPolicy',
  );
  return new CausalLM(checkpoint, tokenizer, options);
}

/** What is stored small is not stored in yet another way for sampling. @throws {@link PolicyError} `POLICY_OPTION` */
function checkSampling(samplingWeights: FrozenFormat, weights: FrozenFormat, where: string): void {
  if (samplingWeights === weights || samplingWeights === 'float32' || weights === 'float32') return;
  throw new PolicyError('POLICY_OPTION', `samplingWeights is ${samplingWeights}, and the weights are ${weights}`, {
    where,
    expected: `${weights}, or float32 for activations that stay as they are`,
  });
}

/** @throws {@link PolicyError} `POLICY_OPTION` */
function checkFormat(option: string, format: FrozenFormat): void {
  if (Object.hasOwn(FORMATS, format)) return;
  const expected = `one of ${Object.keys(FORMATS).join(', ')}`;
  throw new PolicyError('POLICY_OPTION', `${option} is ${String(format)}`, { where: 'options of a policy', expected });
}

/** Options of {@link loadCausalLM}. */
export type LoadCausalLMOptions = PolicyOptions &
  LoadCheckpointOptions & {
    /**
     * How the frozen matrices are kept: linear layers, embedding table and head. Scoring, reading and training multiply by them with
     * activations in float32; `generate` by integers with `int8` and `int4`, unless `samplingWeights` is `float32`. `int8` takes a quarter of
     * the memory, `int4` an eighth for linear layers. Default `float32`.
     */
    readonly weights?: FrozenFormat;
  };

const LOAD_CAUSAL_LM_OPTIONS: OptionKeys<LoadCausalLMOptions> = {
  lora: true,
  limits: true,
  weights: true,
  samplingWeights: true,
  threads: true,
  onProgress: true,
  hub: true,
  families: true,
};

/**
 * Loads weights and tokenizer into a policy: of a folder, of a GGUF file, or of a model on the Hugging Face hub by its id
 * (`owner/name` or `owner/name@revision`), which is fetched where it is not in the hub's cache.
 * @throws {@link FormatError} {@link TokenizerError} HubError
 */
export async function loadCausalLM(pathOrId: string, options: LoadCausalLMOptions = {}): Promise<CausalLM> {
  checkOptions('loadCausalLM', options, LOAD_CAUSAL_LM_OPTIONS);
  const { hub, families, onProgress, weights = 'float32', samplingWeights = weights, ...policyOptions } = options;
  checkFormat('weights', weights);
  checkSampling(samplingWeights, weights, 'loadCausalLM');
  const { path } = await locateModel(pathOrId, hub);
  const checkpointOptions = { ...(families === undefined ? {} : { families }), ...(onProgress === undefined ? {} : { onProgress }) };
  const reading = loadTokenizer(path);
  reading.catch(() => undefined); // where both fail, the error is the checkpoint's, whichever came first
  const checkpoint = await loadStoredCheckpoint(path, weights, checkpointOptions);
  const tokenizer = await reading;
  checkTokenizer(tokenizer, checkpoint);
  const eosTokenIds = [...new Set([...tokenizer.eosTokenIds, ...checkpoint.config.eosTokenIds])]; // a GGUF file names its own
  return createPolicy(checkpoint, { ...tokenizer, eosTokenIds }, { ...policyOptions, samplingWeights });
}
