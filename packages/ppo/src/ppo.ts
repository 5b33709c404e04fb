import { adam, chain, clipByGlobalNorm } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { nextKlCoefficient } from './adaptive-kl.js';
import { resolvePpoConfig, type PpoConfig, type ResolvedPpoConfig } from './config.js';
import { PpoError } from './errors.js';
import { generalisedAdvantage } from './generalised-advantage.js';
import { klEstimators } from './kl.js';
import type { Learner, LearnerOptions, LearnerState, UpdateReport, UpdateRequest } from './learner.js';
import { onTokens, total } from './masked.js';
import { rolloutMetrics, stepMetrics } from './metrics.js';
import { planMinibatches } from './minibatches.js';
import { policyLoss } from './policy-loss.js';
import type { StepLoss, StepResult, TokenBatch } from './policy.js';
import { mapRagged } from './ragged.js';
import { fixReference, requireReference, requireZeroAdapter } from './reference.js';
import { batchOf, rollOut, scoreRollouts } from './rollout.js';
import { isScored, scoreCompletions } from './scores.js';
import { penalizeMissingStop, shapedRewards } from './shaped-rewards.js';
import { initialValueHead, stateValues, type ValueHead } from './value-head.js';
import { valueLoss } from './value-loss.js';
import { emitWarning, ratioWarning, samplingWarning } from './warnings.js';
import { whiten } from './whitening.js';

/** The loss of a micro-batch, a sum over its response tokens divided by the token count of the whole minibatch. */
export function ppoLoss(config: ResolvedPpoConfig): StepLoss<ValueHead> {
  return ({ logProbs, entropy, hidden }, { mask, columns, scalars }, head) => {
    const { oldLogProbs, advantages, oldValues, returns } = columns as Columns & typeof columns; // [rows, R]
    const perToken = (sum: tf.Scalar): tf.Scalar => tf.div(sum, scalars['tokens']!);

    const policy = policyLoss({ logProbs, oldLogProbs, advantages, mask }, config);
    const value = valueLoss({ values: stateValues(hidden, head), oldValues, returns, mask }, config);
    const randomness = total(onTokens(entropy, mask));

    let loss = tf.add(policy.loss, tf.mul(config.valueCoefficient, value.loss));
    if (config.entropyCoefficient > 0) loss = tf.sub(loss, tf.mul(config.entropyCoefficient, randomness));
    return {
      loss: perToken(loss.asScalar()),
      metrics: {
        policyLoss: perToken(policy.loss),
        valueLoss: perToken(value.loss),
        entropy: perToken(randomness),
        approximateKl: perToken(policy.approximateKl),
        ratio: perToken(policy.ratio),
        policyClipped: perToken(policy.clipped),
        valueClipped: perToken(value.clipped),
      },
      maxima: { largestLogRatio: policy.largestLogRatio },
    };
  };
}

interface Columns {
  readonly oldLogProbs: tf.Tensor2D;
  readonly advantages: tf.Tensor2D;
  readonly oldValues: tf.Tensor2D;
  readonly returns: tf.Tensor2D;
}

/**
 * Proximal policy optimization (Schulman et al. 2017) of a language model, with a value head on the policy's own hidden
 * state and the KL to a reference in the reward (Ziegler et al. 2019; "The N Implementation Details of RLHF with PPO").
 * @throws PpoError PPO_CONFIG for a setting that makes no sense
 */
export async function createPpo({
  policy,
  reference,
  rng,
  onWarning = emitWarning,
  ...options
}: LearnerOptions<PpoConfig>): Promise<Learner> {
  const config = resolvePpoConfig(options.config);
  const learningRateAt = (step: number): number =>
    typeof config.learningRate === 'number' ? config.learningRate : config.learningRate(step);
  const optimizer = options.optimizer ?? chain(clipByGlobalNorm(config.maxGradientNorm), adam({ learningRate: learningRateAt(0) }));
  const warn = (warning: Parameters<typeof onWarning>[0] | undefined): void => warning && onWarning(warning);
  warn(samplingWarning(config));

  const adapter = policy.adapters.active;
  const { temperature } = config;
  const score = await policy.compileScore<ValueHead>(({ logProbs, hidden }, head) => ({ logProbs, values: stateValues(hidden, head) }));
  const trainStep = await policy.compileStep<ValueHead>(ppoLoss(config), optimizer, initialValueHead(policy.hiddenSize));
  let klCoefficient = config.klCoefficient;
  let referenceAdapter: string | null | undefined;
  let updates = 0;

  async function update(request: UpdateRequest): Promise<UpdateReport> {
    const { prompts, step, onPhase, onProgress } = request;
    if (prompts.length === 0) throw new PpoError('PPO_NO_PROMPTS', 'there are no prompts', { where: 'update', expected: 'at least one' });
    const stream = rng.fork('update', step);
    const learningRate = learningRateAt(step);
    if (referenceAdapter === undefined) referenceAdapter = fixReference(policy, adapter, reference);

    // Rollouts: pure samples of the policy, cut at the stop token, then scored.
    onPhase?.('generate');
    const sampled = await rollOut({ policy, adapter, prompts, settings: config, rng: stream.fork('rollout'), onProgress });
    onPhase?.('score');
    const completions = await scoreCompletions(request.score, sampled);
    const rollouts = completions.filter(isScored);
    const settings = { 'objective/scored': rollouts.length, kl_coefficient: klCoefficient, lr: learningRate };
    if (rollouts.length === 0) {
      warn({ code: 'PPO_NOTHING_SCORED', message: `step ${step}: no completion has a score, so nothing is learned from it` });
      return { metrics: settings, completions };
    }
    const scores = rollouts.map((each) => penalizeMissingStop(each.score, each.tokens, config.stopTokenIds, config.missingStopPenalty));

    // Old log-probabilities and values, and the reference's, from one compiled forward, in the first epoch's micro-batches.
    onPhase?.('log-probabilities');
    const rows = rollouts.map(({ promptIndex, prompt, tokens }) => ({
      promptIndex,
      promptLength: prompt.length,
      responseLength: tokens.length,
    }));
    const deal = (epoch: number) => planMinibatches({ ...config, rows, rng: stream.fork('minibatches', epoch) });
    const scoring = { score, extra: trainStep.extra(), rollouts, minibatches: deal(0), temperature };
    const { logProbs, values } = await scoreRollouts({ ...scoring, adapter, outputs: ['logProbs', 'values'] });
    const { logProbs: referenceLogProbs } = await scoreRollouts({ ...scoring, adapter: referenceAdapter, outputs: ['logProbs'] });
    if (updates === 0 && referenceAdapter === null) requireZeroAdapter(logProbs, referenceLogProbs);

    // Rewards: the KL of every token, the score on the last one. Advantages and returns; only then is anything whitened.
    const kl = mapRagged(logProbs, (logProb, row, t) => klEstimators[config.klEstimator](logProb - referenceLogProbs[row]![t]!));
    const shaped = shapedRewards({ kl, klCoefficient, scores });
    const rewards = config.whitenRewards ? whiten(shaped, { keepMean: true }) : shaped;
    const estimates = rewards.map((row, i) => generalisedAdvantage(row, values[i]!, config));
    const returns = estimates.map((each) => each.returns);
    const raw = estimates.map((each) => each.advantages);
    const advantages = config.whitenAdvantages ? whiten(raw, { keepMean: false }) : raw;

    // Epochs of clipped steps over the same rollouts.
    onPhase?.('optimize');
    const columns = { oldLogProbs: logProbs, oldValues: values, advantages, returns };
    const tooFar = (metrics: Readonly<Record<string, number>>): boolean => !(metrics['ratio']! <= config.ratioThreshold);
    const results: StepResult[] = [];
    for (let epoch = 0; epoch < config.epochs; epoch += 1) {
      for (const { microBatches, tokens } of deal(epoch)) {
        const batches = microBatches.map((rows): TokenBatch => ({
          ...batchOf(rollouts, rows, temperature),
          columns: pick(columns, rows),
          scalars: { tokens },
        }));
        results.push(await trainStep.run(batches, { learningRate, skip: tooFar }));
      }
    }

    const metrics: Record<string, number> = {
      ...settings,
      ...rolloutMetrics({ ...config, rollouts, scores, logProbs, kl, klCoefficient }),
      ...stepMetrics(results),
    };
    warn(ratioWarning(metrics['val/first_log_ratio']!));
    klCoefficient = nextKlCoefficient(klCoefficient, metrics['objective/kl']!, rollouts.length, config);
    updates += 1;
    return { metrics, completions };
  }

  function exportState(): LearnerState {
    const fixed = referenceAdapter === undefined ? {} : { reference: referenceAdapter };
    return { algorithm: 'ppo', updates, klCoefficient, ...fixed, tensors: trainStep.exportState() };
  }

  function importState(state: LearnerState): void {
    if (state.algorithm !== 'ppo')
      throw new PpoError('PPO_STATE', `the state is that of ${state.algorithm}`, { where: 'importState', expected: 'ppo' });
    if (typeof state.reference === 'string') requireReference(policy, adapter, state.reference);
    trainStep.importState(state.tensors);
    ({ updates, klCoefficient } = state);
    referenceAdapter = state.reference;
  }

  return { update, exportState, importState, dispose: async () => trainStep.dispose() };
}

function pick<K extends string>(columns: Record<K, readonly Float32Array[]>, rows: readonly number[]): Record<string, Float32Array[]> {
  return Object.fromEntries(
    Object.entries<readonly Float32Array[]>(columns).map(([name, values]) => [name, rows.map((row) => values[row]!)]),
  );
}
