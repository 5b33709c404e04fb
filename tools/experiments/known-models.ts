/** A model with the settings of its entry in BARS, which both sides of `ctr-known-numbers` are fitted with. */
export interface KnownModel {
  /** Name of the backbone. */
  readonly backbone: string;
  /** The settings of BARS for MovielensLatest_x1; batch normalization, which backbones do not have, is left out on both sides. */
  readonly options: Readonly<Record<string, unknown>>;
  /** AUC and log-loss that BARS reports for that dataset. */
  readonly reported: { readonly auc: number; readonly logLoss: number };
}

const deep = { hidden: [400, 400, 400], embeddingL2: 0.01 };

/** Of the leaderboard of BARS (reczoo/BARS, ranking/ctr). */
export const KNOWN_MODELS: readonly KnownModel[] = [
  { backbone: 'logistic-regression', options: { embeddingL2: 5e-6 }, reported: { auc: 0.934189, logLoss: 0.320077 } },
  { backbone: 'fm', options: { embeddingL2: 5e-6 }, reported: { auc: 0.943435, logLoss: 0.272893 } },
  { backbone: 'deepfm', options: { ...deep, dropout: 0.3 }, reported: { auc: 0.968223, logLoss: 0.21379 } },
  {
    backbone: 'dcnv2',
    options: { ...deep, dropout: 0.2, crossLayers: 5, structure: 'parallel', firstOrder: false },
    reported: { auc: 0.968657, logLoss: 0.216136 },
  },
  {
    backbone: 'finalmlp',
    options: {
      embeddingL2: 0.01,
      hidden: [400],
      dropout: 0.4,
      hidden2: [800],
      dropout2: 0.2,
      fusionHeads: 10,
      gateUnits: 800,
      firstOrder: false,
    },
    reported: { auc: 0.971968, logLoss: 0.196645 },
  },
];

/** What all of them share there. */
export const SHARED_OPTIONS = { embeddingDimension: 10, learningRate: 0.001, optimizer: 'adam', l2: 0, patience: 2 } as const;
