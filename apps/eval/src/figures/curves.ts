/** A logged curve in three numbers: means over the first and the last tenth of its updates, and its largest value. */
export interface CurveEnds {
  readonly first: number;
  readonly last: number;
  readonly maximum: number;
}

/** One reward component in one stage. */
export interface RewardCurve extends CurveEnds {
  /** Reward of the best constant predictor on the same rows, mean over the last tenth of updates; null where it has none. */
  readonly bestConstant: number | null;
  readonly withinPromptStd: CurveEnds | null;
  readonly betweenPromptStd: CurveEnds | null;
}

/** One stage of policy optimization: `stage1`, `stage3-1`, `stage3-2`, ... */
export interface StageCurves {
  readonly updates: number;
  readonly rewards: Readonly<Record<string, RewardCurve>>;
  /** KL to the stage's reference, nats a response. */
  readonly kl: CurveEnds | null;
  readonly entropy: CurveEnds | null;
}

/** The best epoch of a CTR model's last training. */
export interface CtrCurve {
  readonly iteration: number;
  readonly epochs: number;
  /** Epoch with the lowest validation log-loss: the one that the fit went back to. */
  readonly bestEpoch: number | null;
  /** Validation AUC of that epoch. */
  readonly bestValidAuc: number | null;
}
