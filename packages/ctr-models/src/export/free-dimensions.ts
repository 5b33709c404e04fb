/** Names of free dimensions with their sizes in two traces. */
export interface FreeDimensions {
  /** The sizes of a dimension in both traces, new ones for a new name. */
  of(name: string): readonly [number, number];
  /** Those asked for. */
  readonly sizes: ReadonlyMap<string, readonly [number, number]>;
}

/** Below these no dimension is looked for: sizes of layers and vectors are smaller. */
const SMALLEST = 7_000;

/**
 * Sizes that are unlikely to be another dimension of the graph, whose constant would then be one with theirs: primes, each used once,
 * so that a product of free dimensions also tells which they are. Nothing of these sizes is computed.
 */
export function freeDimensions(): FreeDimensions {
  const sizes = new Map<string, readonly [number, number]>();
  let last = SMALLEST;
  const prime = (): number => {
    do last += 1;
    while (!isPrime(last));
    return last;
  };
  return {
    sizes,
    of(name) {
      const known = sizes.get(name);
      if (known !== undefined) return known;
      const made = [prime(), prime()] as const;
      sizes.set(name, made);
      return made;
    },
  };
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d += 1) if (n % d === 0) return false;
  return true;
}
