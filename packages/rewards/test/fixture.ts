import { readFileSync } from 'node:fs';

/** Written by tools/oracles/rewards_metrics.py. */
export interface Fixture {
  auc: { scores: number[]; labels: number[]; weights: number[]; auc: number; weightedAuc: number }[];
  forms: { p: number[]; y: number[]; brier: number; log: number; linear: number };
  answers: {
    yes: number[];
    no: number[];
    contentFree: { yes: number; no: number }[];
    probability: number[];
    bias: number;
    calibrated: number[];
  };
  statistics: {
    prompt: number[];
    reward: number[];
    label: number[];
    mean: number;
    within: number;
    between: number;
    constant: { brier: number; log: number; linear: number };
  };
}

export const fixture = JSON.parse(readFileSync(new URL('./fixtures/metrics.json', import.meta.url), 'utf8')) as Fixture;
