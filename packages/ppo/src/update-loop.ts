import { checkOptions, type OptionKeys } from '@expctr/core';
import type { TokenIds } from '@expctr/language-model';
import type { HostTreeOf, StepResult } from '@expctr/language-model/training';
import { adam, chain, clipByGlobalNorm } from '@expctr/tfjs-backend-onnx';
import type { Algorithm, ModelAnswers } from './algorithm.js';
import { algorithms } from './algorithms/table.js';
import { PpoError } from './errors.js';
import { findAlgorithm } from './find-algorithm.js';
import { klGuard } from './kl-guard.js';
import type { Learner, LearnerOptions, LearnerState, LearnerWarning, UpdateReport, UpdateRequest } from './learner.js';
import { logProbMetrics, rolloutMetrics, stepMetrics } from './metrics.js';
import { planMinibatches, type Minibatch } from './minibatches.js';
import { isOneStep, logProbsOfSampler } from './old-log-probs.js';
import { createPublisher } from './publisher.js';
import { mean } from './ragged.js';
import { fixReference, requireReference, requireZeroAdapter } from './reference.js';
import { resolveConfig } from './resolve-config.js';
import { rollOut, scoreRollouts, type Rollout } from './rollout.js';
import { gatherRollouts } from './rollout-rounds.js';
import { correctionColumns, withSamplerCorrection } from './sampler-correction.js';
import { batchesOf, requireColumns, selectedBatch, selectedOf } from './step-batches.js';
import { figureColumns, withStepFigures } from './step-figures.js';
import { initialValueHead, stateValues, type ValueHead } from './value-head.js';
import { emitWarning, ratioWarning, samplingWarning } from './warnings.js';

const CREATE_LEARNER_OPTIONS: OptionKeys<LearnerOptions<never>> = {
  algorithm: true,
  algorithms: true,
  policy: true,
  sampler: true,
  publishFolder: true,
  config: true,
  reference: true,
  rng: true,
  optimizer: true,
  onWarning: true,
};

/**
 * Makes the learner of an algorithm, given by its name or itself. This is the update loop, and the only one: roll out,
 * score, log-probabilities of policy and reference, the algorithm's advantages, minibatches, steps of its loss, figures.
 * @throws PpoError PPO_ALGORITHM for a name that is not in the table, PPO_CONFIG for a setting that makes no sense
 */
export async function createLearner<A extends string | Algorithm>(parameters: LearnerOptions<A>): Promise<Learner> {
  checkOptions('createLearner', parameters, CREATE_LEARNER_OPTIONS);
  const { policy, sampler = policy, reference, rng, onWarning = emitWarning, ...options } = parameters;
  const algorithm = findAlgorithm(options.algorithm, options.algorithms ?? algorithms);
  const config = resolveConfig(algorithm, options.config);
  const { temperature, learningRate: schedule } = config;
  const learningRateAt = (step: number): number => (typeof schedule === 'number' ? schedule : schedule(step));
  const optimizer = options.optimizer ?? chain(clipByGlobalNorm(config.maxGradientNorm), adam({ learningRate: learningRateAt(0) }));
  const warn = (warning: LearnerWarning | undefined): void => warning && onWarning(warning);
  warn(samplingWarning(config));

  const adapter = policy.adapters.active;
  const corrected = config.samplerCorrection !== 'none';
  const asked = algorithm.needs(config);
  const needs = { ...asked, logProbs: asked.logProbs || (corrected && !isOneStep(config)) };
  const publisher = createPublisher({ policy, adapter, sampler, folder: options.publishFolder, maxStaleness: config.maxStaleness });
  const score = await policy.compileScore<ValueHead>(({ logProbs, hidden }, head) =>
    algorithm.valueHead ? { logProbs, values: stateValues(hidden, head) } : { logProbs },
  );
  const head = algorithm.valueHead ? initialValueHead(policy.hiddenSize) : ({} as HostTreeOf<ValueHead>);
  // where an update is one step its own forward is that of the policy before it, and gives what is logged of it
  const figuresInStep = !needs.logProbs && !algorithm.valueHead && isOneStep(config);
  const weighted = corrected ? withSamplerCorrection(algorithm.loss(config), config) : algorithm.loss(config);
  const loss = figuresInStep ? withStepFigures(weighted) : weighted;
  const trainStep = await policy.compileStep<ValueHead>(loss, optimizer, head);
  let state = algorithm.initialState?.(config) ?? {};
  let referenceAdapter: string | null | undefined;
  let updates = 0;

  async function update(request: UpdateRequest): Promise<UpdateReport> {
    const { prompts, step, onPhase, onProgress } = request;
    if (prompts.length === 0) throw new PpoError('PPO_NO_PROMPTS', 'there are no prompts', { where: 'update', expected: 'at least one' });
    const stream = rng.fork('update', step);
    const learningRate = learningRateAt(step);
    if (needs.reference && referenceAdapter === undefined) referenceAdapter = fixReference(policy, adapter, reference);

    // Rollouts: pure samples of the policy, cut at the stop token, then scored.
    const writer = publisher === undefined ? { name: adapter } : { versions: await publisher.publish() };
    const sample = (some: readonly TokenIds[], round: number): Promise<Rollout[]> => {
      const { path: seed } = round === 0 ? stream.fork('rollout') : stream.fork('rollout', round);
      return rollOut({ sampler, adapter: writer, prompts: some, settings: config, seed, onProgress });
    };
    const { completions, batch, selection, metrics: refill } = await gatherRollouts({ algorithm, config, request, sample });
    const { rollouts: scored, scores } = batch;
    const metrics: Record<string, number> = { 'objective/scored': scored.length, ...state, lr: learningRate, ...refill };
    if (scored.length === 0) {
      warn({ code: 'PPO_NOTHING_SCORED', message: `step ${step}: no completion has a score, so nothing is learned from it` });
      return { metrics, completions };
    }
    // What enters the step: by default everything.
    const { rows, pairs } = selectedOf(selection, scored.length);
    const selected = selectedBatch(batch, rows);
    const { rollouts } = selected;
    Object.assign(metrics, rolloutMetrics(scored, scores, config.stopTokenIds), selection.metrics);
    if (config.maxStaleness > 0) metrics['sampler/staleness'] = mean(scored.map(({ staleness = 0 }) => staleness));
    if (rollouts.length === 0) {
      warn({ code: 'PPO_NOTHING_SELECTED', message: `step ${step}: ${algorithm.name} took no completion, so nothing is learned from it` });
      return { metrics, completions };
    }

    // Old log-probabilities and values, and the reference's, from one compiled forward, in the first epoch's micro-batches.
    onPhase?.('log-probabilities');
    const shapes = rollouts.map(({ promptIndex, prompt, tokens }) => ({
      promptIndex,
      promptLength: prompt.length,
      responseLength: tokens.length,
    }));
    const deal = (epoch: number) => planMinibatches({ ...config, rows: shapes, pairs, rng: stream.fork('minibatches', epoch) });
    const answers = await askModels(rollouts, deal(0));
    Object.assign(metrics, logProbMetrics(rollouts, answers));
    const guard = klGuard(config.klLimit, rollouts, step);
    guard.require(metrics);

    // The algorithm's advantages.
    const given = algorithm.advantages({ ...selected, ...answers, state }, config);
    requireColumns(given, rollouts);
    Object.assign(metrics, given.metrics, selection.metrics); // those of the selection are of all that was scored
    const more = figuresInStep ? figureColumns(rollouts, answers.referenceLogProbs) : {};
    const weighed = corrected ? correctionColumns(rollouts, given.columns, config) : {};
    const inputs = { ...given, columns: { ...given.columns, ...more, ...weighed } };

    // Epochs of steps over the same rollouts.
    onPhase?.('optimize');
    const tooFar = (found: Readonly<Record<string, number>>): boolean =>
      !((found['val/ratio'] ?? 1) <= config.ratioThreshold) || guard.exceeds(found);
    const results: StepResult[] = [];
    for (let epoch = 0; epoch < config.epochs; epoch += 1) {
      for (const minibatch of deal(epoch)) {
        const batches = batchesOf(minibatch, { rollouts, pairs, inputs, temperature });
        results.push(await trainStep.run(batches, { learningRate, skip: tooFar }));
      }
    }

    Object.assign(metrics, stepMetrics(results));
    if (figuresInStep) guard.require(metrics);
    warn(ratioWarning(metrics['val/first_log_ratio'] ?? 0, config));
    state = given.state ?? state;
    updates += 1;
    return { metrics, completions };
  }

  /** The log-probabilities that the algorithm asked for, and the values where there is a head for them. */
  async function askModels(rollouts: readonly Rollout[], minibatches: readonly Minibatch[]): Promise<ModelAnswers> {
    const ask = { score, extra: trainStep.extra(), rollouts, minibatches, temperature };
    const firstOnBase = needs.reference && referenceAdapter === null && updates === 0;
    const fromSampler = needs.logProbs && config.oldLogProbs === 'sampler';
    const own = (needs.logProbs && !fromSampler) || algorithm.valueHead || firstOnBase;
    const outputs = algorithm.valueHead ? (['logProbs', 'values'] as const) : (['logProbs'] as const);
    const old = own ? await scoreRollouts<ValueHead, 'logProbs' | 'values'>({ ...ask, adapter, outputs }) : undefined;
    const base = needs.reference ? await scoreRollouts({ ...ask, adapter: referenceAdapter!, outputs: ['logProbs'] }) : undefined;
    if (firstOnBase) requireZeroAdapter(old!.logProbs, base!.logProbs);
    return {
      logProbs: fromSampler ? logProbsOfSampler(rollouts) : needs.logProbs || algorithm.valueHead ? old!.logProbs : [],
      values: old?.values ?? [],
      referenceLogProbs: base?.logProbs ?? null,
    };
  }

  function exportState(): LearnerState {
    const fixed = referenceAdapter === undefined ? {} : { reference: referenceAdapter };
    return { algorithm: algorithm.name, updates, state, ...fixed, tensors: trainStep.exportState() };
  }

  function importState(saved: LearnerState): void {
    if (saved.algorithm !== algorithm.name) {
      throw new PpoError('PPO_STATE', `the state is that of ${saved.algorithm}`, { where: 'importState', expected: algorithm.name });
    }
    const missing = Object.keys(state).find((name) => typeof saved.state[name] !== 'number');
    if (missing !== undefined) {
      throw new PpoError('PPO_STATE', `the state holds no ${missing}`, { where: 'importState', expected: 'what exportState gave' });
    }
    if (typeof saved.reference === 'string') requireReference(policy, adapter, saved.reference);
    trainStep.importState(saved.tensors);
    ({ updates, state } = saved);
    referenceAdapter = saved.reference;
  }

  async function dispose(): Promise<void> {
    await publisher?.dispose();
    await score.dispose();
    await trainStep.dispose();
  }

  return { update, exportState, importState, dispose };
}
