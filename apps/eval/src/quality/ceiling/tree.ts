/** Most values of a feature that are told apart. */
export const BINS = 32;

/** One tree of complete depth: node n has children 2 n + 1 and 2 n + 2; a node that is not split sends all rows left. */
export interface Tree {
  /** [2^depth - 1] */
  readonly feature: Int32Array;
  /** [2^depth - 1] rows up to this value go left. */
  readonly threshold: Float64Array;
  /** [2^depth] */
  readonly leaf: Float64Array;
}

/** What {@link growTree} grows on. */
export interface Growth {
  /** [width, rows] the bin of every value. */
  readonly bins: Uint8Array;
  /** [width] upper edges of each feature's bins. */
  readonly edges: readonly Float64Array[];
  readonly width: number;
  /** [rows] probabilities or labels, in [0, 1]. */
  readonly target: Float64Array;
  /** [rows] log-odds that earlier trees have come to. */
  readonly score: Float64Array;
  readonly depth: number;
  readonly minimumRows: number;
  readonly l2: number;
}

/** One tree on the gradients of the logistic loss, level by level. */
export function growTree({ bins, edges, width, target, score, depth, minimumRows, l2 }: Growth): Tree {
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

/** Adds what a tree says of each row to its score. @param rows features [n, width], score [n] log-odds */
export function addTree(
  tree: Tree,
  { features, width, score }: { readonly features: Float64Array; readonly width: number; readonly score: Float64Array },
  depth: number,
): void {
  for (let row = 0; row < score.length; row += 1) score[row]! += tree.leaf[leafOf(tree, features, row * width, depth)]!;
}

function leafOf({ feature, threshold }: Tree, features: Float64Array, start: number, depth: number): number {
  let node = 0;
  for (let level = 0; level < depth; level += 1) {
    const by = feature[node]!;
    node = 2 * node + (by >= 0 && features[start + by]! > threshold[node]! ? 2 : 1);
  }
  return node - (2 ** depth - 1);
}

/** The logistic function. */
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
