import { checkOptions, type Rng, type SeedPath, type OptionKeys } from '@expctr/core';
import type { TokenIds } from '@expctr/language-model';
import type { RowPair, StepLoss, TokenBatch, TracedPairs, TrainablePolicy, TrainStep } from '@expctr/language-model/training';
import { sgd } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { onTokens, total } from './masked.js';
import { countTokens, rowSum, type Ragged } from './ragged.js';
import { initialValueHead, stateValues, type ValueHead } from './value-head.js';

/** One property of a policy that policy optimization relies on. */
export interface PolicyCheck {
  /** The property, with the number of the line of this package's tests (`fifteen-lines.test.ts`) that relies on it. */
  readonly property: string;
  /** Is `observed` at most `limit`? */
  readonly holds: boolean;
  /** The deviation that was measured. */
  readonly observed: number;
  /** The most that it may be. */
  readonly limit: number;
}

/** Arguments of {@link checkPolicy}. */
export interface PolicyCheckOptions {
  /** With an active adapter. */
  readonly policy: TrainablePolicy;
  /** At least two prompts of different lengths. */
  readonly prompts: readonly TokenIds[];
  /** A token id that pads, or ends a text; it is put into the middle of responses. */
  readonly padTokenId: number;
  /** Draws the responses. */
  readonly rng: Rng;
  /** Tokens of the longest response, at least 4. Default 8. */
  readonly maxNewTokens?: number;
}

/** Rounding that other chunking and padding may cause in a log-probability, nats. */
const ROUNDING = 1e-4;

const CHECK_POLICY_OPTIONS: OptionKeys<PolicyCheckOptions> = {
  policy: true,
  prompts: true,
  padTokenId: true,
  rng: true,
  maxNewTokens: true,
};

/**
 * Measures whether a policy keeps what its interface promises: equal forwards in scoring and training, positions and
 * masks from lengths, temperature, a fresh adapter that changes nothing, no dropout, gradients that add up, and samples
 * that do not depend on the batch. Nothing is trained: every step is skipped. Meant for the tests of new policies.
 */
export async function checkPolicy(parameters: PolicyCheckOptions): Promise<PolicyCheck[]> {
  checkOptions('checkPolicy', parameters, CHECK_POLICY_OPTIONS);
  const { policy, prompts, padTokenId, rng, maxNewTokens = 8 } = parameters;
  const sampling = { maxNewTokens, stopTokenIds: [], seed: rng.path };
  const samples = await policy.generate(prompts, sampling);
  const batch: TokenBatch = {
    prompts,
    responses: samples.map(({ tokens }, row) => withPad(tokens.slice(0, Math.max(3, maxNewTokens - row)), padTokenId)),
  };
  const parts = prompts.map((_, row) => rowsOf(batch, [row]));

  const score = await policy.compileScore<ValueHead>(({ logProbs, hidden }, head) => ({ logProbs, values: stateValues(hidden, head) }));
  const step = await policy.compileStep<ValueHead>(likelihood, sgd({ learningRate: 0 }), initialValueHead(policy.hiddenSize));
  const { active } = policy.adapters;
  const logProbs = async (given: TokenBatch, adapter: string | null = active): Promise<Ragged> =>
    (await score.run(given, adapter, step.extra()))['logProbs']!;

  try {
    const together = await logProbs(batch);
    const alone = (await Promise.all(parts.map((part) => logProbs(part)))).flat();
    const whole = await dryRun(step, [batch], together);
    const split = await dryRun(step, parts, together);
    const found: [string, number, number][] = [
      ['1. scoring and training give the same bits for the same rows', whole.largestLogRatio, 0],
      ['1. other chunking moves no log ratio', split.largestLogRatio, ROUNDING],
      ['2. a row beside longer prompts and responses keeps its log-probabilities', largestDifference(together, alone), ROUNDING],
      ['3. the mask counts every response token, pad and stop ids included', Math.abs(whole.tokens - countTokens(batch.responses)), 0],
      [
        '4. log-probabilities are those of logits divided by the temperature',
        await temperatureError(prompts[0]!, samples[0]!.tokens, logProbs),
        ROUNDING * 10,
      ],
      ['6. a completion does not depend on the other prompts of its batch', await samplingError(policy, prompts, sampling), 0],
      ['13. a fresh adapter changes nothing', await freshAdapterError(policy, rng, batch, logProbs), ROUNDING],
      ['14. dropout is off: the same call twice gives the same bits', largestDifference(together, await logProbs(batch)), 0],
      ['rows of a pair reach the loss together, whatever stands between them', await pairError(step, batch, together), ROUNDING * 10],
      ['15. gradients of micro-batches add up', Math.abs(split.gradientNorm / whole.gradientNorm - 1), 1e-3],
    ];
    return found.map(([property, observed, limit]) => ({ property, holds: observed <= limit, observed, limit }));
  } finally {
    await step.dispose();
    await score.dispose();
  }
}

const likelihood: StepLoss<ValueHead> = ({ logProbs, hidden }, { mask, columns, scalars, pairs }, head) => {
  const sum = tf.add(total(onTokens(logProbs, mask)), total(onTokens(stateValues(hidden, head), mask)));
  return {
    loss: tf.div(sum, scalars['tokens']!).asScalar(),
    metrics: { tokens: total(mask), ...(pairs === undefined ? {} : { margin: margin(tf.sum(onTokens(logProbs, mask), 1), pairs) }) },
    maxima: { largestLogRatio: tf.max(tf.abs(onTokens(tf.sub(logProbs, columns['oldLogProbs']!), mask))) },
  };
};

/** By how much the chosen rows of all pairs are more probable than the rejected ones, nats. */
function margin(ofRows: tf.Tensor1D, { chosen, rejected, mask }: TracedPairs): tf.Scalar {
  return total(tf.mul(mask, tf.sub(tf.gather(ofRows, chosen), tf.gather(ofRows, rejected))));
}

async function pairError(step: TrainStep<ValueHead>, batch: TokenBatch, logProbs: Ragged): Promise<number> {
  const pairs: readonly RowPair[] = [[logProbs.length - 1, 0]];
  const expected = rowSum(logProbs.at(-1)!) - rowSum(logProbs[0]!);
  const columns = { oldLogProbs: logProbs };
  const { metrics } = await step.run([{ ...batch, pairs, columns, scalars: { tokens: countTokens(logProbs) } }], { skip: () => true });
  return Math.abs((metrics['margin'] ?? NaN) - expected);
}

async function dryRun(step: TrainStep<ValueHead>, batches: readonly TokenBatch[], oldLogProbs: Ragged) {
  const tokens = countTokens(oldLogProbs);
  let next = 0;
  const complete = batches.map((batch) => ({
    ...batch,
    columns: { oldLogProbs: oldLogProbs.slice(next, (next += batch.prompts.length)) },
    scalars: { tokens },
  }));
  const { metrics, gradientNorm } = await step.run(complete, { skip: () => true });
  return { largestLogRatio: metrics['largestLogRatio'] ?? NaN, tokens: metrics['tokens'] ?? NaN, gradientNorm };
}

type LogProbs = (batch: TokenBatch, adapter?: string | null) => Promise<Ragged>;

/** `T (log p_T(a) - log p_T(b))` is the difference of two logits, whatever the temperature T. */
async function temperatureError(prompt: TokenIds, tokens: Int32Array, logProbs: LogProbs): Promise<number> {
  const candidates = [...new Set(tokens)];
  const at = async (temperature: number): Promise<number[]> => {
    const batch = { prompts: candidates.map(() => prompt), responses: candidates.map((token) => [token]), temperature };
    return (await logProbs(batch)).map((row) => temperature * row[0]!);
  };
  const [once, twice] = [await at(1), await at(2)];
  return largestDifference([Float32Array.from(once, (x) => x - once[0]!)], [Float32Array.from(twice, (x) => x - twice[0]!)]);
}

async function samplingError(
  policy: TrainablePolicy,
  prompts: readonly TokenIds[],
  options: { maxNewTokens: number; stopTokenIds: number[]; seed: SeedPath },
): Promise<number> {
  const once = await policy.generate(prompts, options);
  const twice = await policy.generate(prompts, { ...options, completionsPerPrompt: 2 });
  const fewer = await policy.generate(prompts.slice(0, 1), options);
  const again = [...fewer, ...twice.filter((_, i) => i % 2 === 0)];
  const expected = [once[0]!, ...once];
  return again.filter(({ tokens }, i) => tokens.join() !== expected[i]?.tokens.join()).length;
}

async function freshAdapterError(policy: TrainablePolicy, rng: Rng, batch: TokenBatch, logProbs: LogProbs): Promise<number> {
  const name = 'policy-check';
  policy.adapters.create(name, rng.fork(name));
  try {
    return largestDifference(await logProbs(batch, name), await logProbs(batch, null));
  } finally {
    policy.adapters.delete(name);
  }
}

function withPad(tokens: Int32Array, padTokenId: number): Int32Array {
  tokens[1] = padTokenId;
  return tokens;
}

function rowsOf({ prompts, responses }: TokenBatch, rows: readonly number[]): TokenBatch {
  return { prompts: rows.map((row) => prompts[row]!), responses: rows.map((row) => responses[row]!) };
}

function largestDifference(a: Ragged, b: Ragged): number {
  return Math.max(...a.flatMap((row, i) => Array.from(row, (value, t) => Math.abs(value - (b[i]?.[t] ?? NaN)))));
}
