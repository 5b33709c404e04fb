/** What a group of nodes costs. */
export interface Cost {
  /** tfjs scopes joined by slashes (`forward/layer0/matMul`, empty for the whole), or an ONNX operator. */
  readonly name: string;
  /** Nodes of the graph, before ONNX Runtime's own rewriting. */
  readonly nodes: number;
  /** Floating-point operations of a run. */
  readonly flops: number;
  /** Bytes that the nodes read and write in a run. */
  readonly bytes: number;
  /** Time of a run within the kernels, each node's median; null where nothing was run. */
  readonly milliseconds: number | null;
}

/** Amounts to be added up. */
export type Amounts = Readonly<Partial<Record<'nodes' | 'flops' | 'bytes' | 'milliseconds', number>>>;

/** Sums by name, in the order of first mention. */
export class Totals {
  readonly #sums = new Map<string, Required<Amounts>>();

  /** Adds to one sum. */
  add(name: string, { nodes = 0, flops = 0, bytes = 0, milliseconds = 0 }: Amounts): void {
    const sum = this.#sums.get(name) ?? { nodes: 0, flops: 0, bytes: 0, milliseconds: 0 };
    this.#sums.set(name, {
      nodes: sum.nodes + nodes,
      flops: sum.flops + flops,
      bytes: sum.bytes + bytes,
      milliseconds: sum.milliseconds + milliseconds,
    });
  }

  /** The sums. @param timed whether there were any times */
  costs(timed: boolean): Cost[] {
    return [...this.#sums].map(([name, sum]) => ({ name, ...sum, milliseconds: timed ? sum.milliseconds : null }));
  }
}
