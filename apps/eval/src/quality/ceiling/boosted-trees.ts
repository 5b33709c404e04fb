import { addTree, BINS, growTree, sigmoid, type Tree } from './tree.js';

/** Rows to fit on. */
export interface TreeRows {
  /** [rows, width] row major. */
  readonly features: Float64Array;
  readonly width: number;
  /** [rows] probabilities or labels, in [0, 1]. */
  readonly target: ArrayLike<number>;
  /** [rows] 1 for rows that are not fitted and decide when to stop. Default: none, and all trees are kept. */
  readonly held?: ArrayLike<number>;
}

/** How trees are grown. */
export interface TreeOptions {
  /** Splits from root to leaf. Default 4. */
  readonly depth?: number;
  /** Share of each tree's step that is taken. Default 0.15. */
  readonly learningRate?: number;
  /** Most trees. Default 200. */
  readonly trees?: number;
  /** Fewest rows of a leaf. Default 20. */
  readonly minimumRows?: number;
  /** Added to the second derivative of a leaf. Default 1. */
  readonly l2?: number;
  /** Trees without a better loss on held rows before growing stops. Default 10. */
  readonly patience?: number;
}

/**
 * Gradient-boosted trees with logistic loss: binned features, second-order steps, early stopping on held rows.
 * Sources: Friedman 2001, "Greedy function approximation"; Chen and Guestrin 2016, "XGBoost", equations 5 to 7. Without early
 * stopping it grows the trees of scikit-learn's `HistGradientBoostingClassifier` with `max_leaf_nodes=None`.
 *
 * @returns probabilities [n] of features [n, width]
 */
export function fitBoostedTrees(rows: TreeRows, options: TreeOptions = {}): (features: Float64Array) => Float64Array {
  const { depth = 4, learningRate = 0.15, trees = 200, minimumRows = 20, l2 = 1, patience = 10 } = options;
  const { width } = rows;
  const [fitted, held] = [takeRows(rows, 0), takeRows(rows, 1)];
  const edges = Array.from({ length: width }, (_, feature) => binEdges(fitted, feature));
  const bins = binned(fitted, edges);

  const count = fitted.target.length;
  const mean = count === 0 ? 0.5 : fitted.target.reduce((sum, value) => sum + value, 0) / count;
  const start = Math.log(Math.max(mean, 1e-6) / Math.max(1 - mean, 1e-6));
  const grown: Tree[] = [];
  let [best, bestTrees] = [Infinity, 0];
  for (const part of [fitted, held]) part.score.fill(start);
  while (grown.length < trees && grown.length - bestTrees < patience) {
    const tree = growTree({ bins, edges, depth, minimumRows, l2, ...fitted });
    for (let at = 0; at < tree.leaf.length; at += 1) tree.leaf[at]! *= learningRate;
    grown.push(tree);
    for (const part of [fitted, held]) addTree(tree, part, depth);
    const loss = meanLoss(held);
    if (held.target.length > 0 && loss >= best) continue;
    [best, bestTrees] = [loss, grown.length];
  }
  const kept = grown.slice(0, bestTrees);
  return (asked) => {
    const part = { features: asked, width, score: new Float64Array(asked.length / width).fill(start) };
    for (const tree of kept) addTree(tree, part, depth);
    return part.score.map(sigmoid);
  };
}

interface Part {
  readonly features: Float64Array;
  readonly width: number;
  readonly target: Float64Array;
  /** Log-odds so far. */
  readonly score: Float64Array;
}

/** The rows that are held out (1), or are not (0). */
function takeRows({ features, width, target, held }: TreeRows, wanted: 0 | 1): Part {
  const taken = Array.from({ length: target.length }, (_, row) => row).filter((row) => (held?.[row] ?? 0) === wanted);
  const own = new Float64Array(taken.length * width);
  taken.forEach((row, at) => own.set(features.subarray(row * width, (row + 1) * width), at * width));
  return { features: own, width, target: Float64Array.from(taken, (row) => target[row]!), score: new Float64Array(taken.length) };
}

/** Upper edges of a feature's bins: between its values where there are few, else at quantiles. */
function binEdges({ features, width, target }: Part, feature: number): Float64Array {
  const sorted = Float64Array.from(target, (_, row) => features[row * width + feature]!).sort();
  const values = sorted.filter((value, at) => at === 0 || value !== sorted[at - 1]);
  if (values.length <= BINS) return values.slice(1).map((value, at) => (values[at]! + value) / 2);
  const quantiles = Float64Array.from({ length: BINS - 1 }, (_, at) => sorted[Math.floor(((at + 1) * sorted.length) / BINS)]!);
  return quantiles.filter((value, at) => at === 0 || value !== quantiles[at - 1]);
}

/** [width, rows] the bin of every value. */
function binned({ features, width, target }: Part, edges: readonly Float64Array[]): Uint8Array {
  const count = target.length;
  const bins = new Uint8Array(width * count);
  edges.forEach((own, feature) => {
    for (let row = 0; row < count; row += 1) {
      const value = features[row * width + feature]!;
      let bin = 0;
      while (bin < own.length && value > own[bin]!) bin += 1;
      bins[feature * count + row] = bin;
    }
  });
  return bins;
}

function meanLoss({ score, target }: Part): number {
  let sum = 0;
  for (let row = 0; row < score.length; row += 1) {
    sum += Math.max(score[row]!, 0) - score[row]! * target[row]! + Math.log1p(Math.exp(-Math.abs(score[row]!)));
  }
  return sum / score.length;
}
