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

/** Most values of a feature that are told apart. */
const BINS = 32;

/** One tree of complete depth: node n has children 2 n + 1 and 2 n + 2; a node that is not split sends all rows left. */
interface Tree {
  /** [2^depth - 1] */
  readonly feature: Int32Array;
  /** [2^depth - 1] rows up to this value go left. */
  readonly threshold: Float64Array;
  /** [2^depth] */
  readonly leaf: Float64Array;
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
    const tree = grow({ bins, edges, depth, minimumRows, l2, ...fitted });
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

function addTree(tree: Tree, { features, width, score }: Omit<Part, 'target'>, depth: number): void {
  for (let row = 0; row < score.length; row += 1) score[row]! += tree.leaf[leafOf(tree, features, row * width, depth)]!;
}

interface Growth {
  /** [width, rows] */
  readonly bins: Uint8Array;
  readonly edges: readonly Float64Array[];
  readonly width: number;
  readonly target: Float64Array;
  readonly score: Float64Array;
  readonly depth: number;
  readonly minimumRows: number;
  readonly l2: number;
}

/** One tree on the gradients of the logistic loss, level by level. */
function grow({ bins, edges, width, target, score, depth, minimumRows, l2 }: Growth): Tree {
  const count = target.length;
  const [gradient, curvature] = [new Float64Array(count), new Float64Array(count)];
  for (let row = 0; row < count; row += 1) {
    const p = sigmoid(score[row]!);
    gradient[row] = p - target[row]!;
    curvature[row] = p * (1 - p);
  }
  const tree: Tree = {
    feature: new Int32Array(2 ** depth - 1).fill(-1),
    threshold: new Float64Array(2 ** depth - 1).fill(Infinity),
    leaf: new Float64Array(2 ** depth),
  };
  const node = new Int32Array(count); // within the level
  for (let level = 0; level < depth; level += 1) {
    const first = 2 ** level - 1;
    const splits = Array.from({ length: 2 ** level }, () => ({ gain: 1e-12, feature: -1, bin: 0 }));
    const histogram = new Float64Array(splits.length * BINS * 3); // [nodes, BINS, (gradient, curvature, rows)]
    for (let feature = 0; feature < width; feature += 1) {
      const offset = feature * count;
      histogram.fill(0);
      for (let row = 0; row < count; row += 1) {
        const at = (node[row]! * BINS + bins[offset + row]!) * 3;
        histogram[at]! += gradient[row]!;
        histogram[at + 1]! += curvature[row]!;
        histogram[at + 2]! += 1;
      }
      splits.forEach((split, at) => {
        const found = bestSplit(histogram.subarray(at * BINS * 3, (at + 1) * BINS * 3), minimumRows, l2);
        if (found.gain > split.gain) splits[at] = { ...found, feature };
      });
    }
    splits.forEach(({ feature, bin }, at) => {
      if (feature < 0) return;
      tree.feature[first + at] = feature;
      tree.threshold[first + at] = edges[feature]![bin]!;
    });
    for (let row = 0; row < count; row += 1) {
      const { feature, bin } = splits[node[row]!]!;
      node[row] = 2 * node[row]! + (feature >= 0 && bins[feature * count + row]! > bin ? 1 : 0);
    }
  }
  const curvatures = new Float64Array(tree.leaf.length);
  for (let row = 0; row < count; row += 1) {
    tree.leaf[node[row]!]! -= gradient[row]!;
    curvatures[node[row]!]! += curvature[row]!;
  }
  tree.leaf.forEach((step, at) => (tree.leaf[at] = curvatures[at]! > 0 ? step / (curvatures[at]! + l2) : 0));
  return tree;
}

/** The split of a node by one feature that lowers the loss most. @param histogram [BINS, (gradient, curvature, rows)] */
function bestSplit(histogram: Float64Array, minimumRows: number, l2: number): { gain: number; bin: number } {
  const total = [0, 0, 0];
  for (let at = 0; at < histogram.length; at += 1) total[at % 3]! += histogram[at]!;
  const worth = (gradient: number, curvature: number): number => gradient ** 2 / (curvature + l2);
  const whole = worth(total[0]!, total[1]!);
  const best = { gain: 0, bin: 0 };
  let [gradient, curvature, rows] = [0, 0, 0];
  for (let bin = 0; bin < BINS - 1; bin += 1) {
    gradient += histogram[3 * bin]!;
    curvature += histogram[3 * bin + 1]!;
    rows += histogram[3 * bin + 2]!;
    if (rows < minimumRows || total[2]! - rows < minimumRows) continue;
    const gain = worth(gradient, curvature) + worth(total[0]! - gradient, total[1]! - curvature) - whole;
    if (gain > best.gain) [best.gain, best.bin] = [gain, bin];
  }
  return best;
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

function leafOf({ feature, threshold }: Tree, features: Float64Array, start: number, depth: number): number {
  let node = 0;
  for (let level = 0; level < depth; level += 1) {
    const by = feature[node]!;
    node = 2 * node + (by >= 0 && features[start + by]! > threshold[node]! ? 2 : 1);
  }
  return node - (2 ** depth - 1);
}

function meanLoss({ score, target }: Part): number {
  let sum = 0;
  for (let row = 0; row < score.length; row += 1) {
    sum += Math.max(score[row]!, 0) - score[row]! * target[row]! + Math.log1p(Math.exp(-Math.abs(score[row]!)));
  }
  return sum / score.length;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
