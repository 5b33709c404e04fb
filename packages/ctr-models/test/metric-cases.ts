import { readFixture } from './oracle.js';

/** Metrics at k, and how many groups count. */
interface RankingCase {
  ndcg: number;
  recall: number;
  precision: number;
  hitRate: number;
  mrr: number;
  groups: number;
}

/** What `tools/oracles/ctr-models_metrics.py` says of some rows. */
export interface MetricCase {
  name: string;
  labels: number[];
  probabilities: number[];
  /** Probabilities of a second model. */
  other: number[];
  groups: number[];
  auc: number;
  groupedAuc: number;
  unweightedAuc: number;
  groupsCounted: number;
  groupsSkipped: number;
  logLoss: number;
  relativeCrossEntropy: number;
  brier: number;
  calibrationError10: number;
  calibrationCurve10: { shares: number[]; means: number[] };
  /** At k = 3, five rows a group. */
  ranking3: RankingCase;
  delong: {
    covariance: [[number, number], [number, number]];
    z: number;
    pValue: number;
    standardError: number;
    half95: number;
    clusteredVariance: number;
  };
  temperature: number;
  platt: { slope: number; intercept: number };
  isotonic: { asked: number[]; given: number[] };
}

const fixture = readFixture<{ normal: { z: number; pValue: number }[]; cases: MetricCase[] }>('metrics');

/** Rows with few ties, many, and nothing but. */
export const METRIC_CASES = fixture.cases;

/** Two-sided p-values of standard normal deviates. */
export const NORMAL_TAILS = fixture.normal;
