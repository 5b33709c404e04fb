import { RewardError } from './errors.js';

/**
 * P(yes) / (P(yes) + P(no)), each the product over all tokens of its answer string, computed from their logarithms:
 * sigmoid(logYes - logNo - bias). No exponential of a log-probability is ever taken, so answers of many tokens do not underflow.
 *
 * @param logYes natural log of P(yes-string | prompt), <= 0
 * @param logNo natural log of P(no-string | prompt), <= 0
 * @param bias log-odds to subtract, the reader's own leaning ({@link contentFreeBias}); default 0
 * @returns a probability in [0, 1]
 * @throws {RewardError} `READER_NO_ANSWER` for NaN, or where both answers have probability 0
 */
export function answerProbability(logYes: number, logNo: number, bias = 0): number {
  return sigmoid(logOdds(logYes, logNo) - bias);
}

/**
 * The reader's leaning towards yes where there is nothing to read: the mean log-odds over content-free inputs
 * (contextual calibration, Zhao et al. 2021, "Calibrate Before Use", with the additive correction in log space).
 *
 * @param scores log-probabilities of both answers for each content-free input
 * @throws {RewardError} `READER_NO_ANSWER`; `REWARD_OPTION` without any input
 */
export function contentFreeBias(scores: readonly AnswerLogProbabilities[]): number {
  if (scores.length === 0) {
    throw new RewardError('REWARD_OPTION', 'calibration has no content-free input', {
      remedy: "give the LC template at least one entry under 'contentFree', or turn calibration off",
    });
  }
  return scores.reduce((sum, { yes, no }) => sum + logOdds(yes, no), 0) / scores.length;
}

/** Natural log-probabilities of the two answer strings after one prompt. */
export interface AnswerLogProbabilities {
  /** Of the yes-string, <= 0. */
  readonly yes: number;
  /** Of the no-string, <= 0. */
  readonly no: number;
}

function logOdds(logYes: number, logNo: number): number {
  const odds = logYes - logNo;
  if (!Number.isNaN(odds)) return odds;
  throw new RewardError('READER_NO_ANSWER', `the answers' log-probabilities are ${logYes} and ${logNo}`, {
    expected: 'two numbers, not both minus infinity',
    remedy: "check the answer strings of the LC template ('answers') against the model's tokenizer",
  });
}

function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}
