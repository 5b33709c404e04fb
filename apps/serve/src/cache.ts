/** Values that are made once and kept by their key. */
export interface Cache<T> {
  /** The value of a key; while it is being made, everyone who asks waits for the same one. What fails is not kept. */
  get(key: string, make: () => Promise<T>): Promise<T>;
  /** Whether a value is kept or being made. */
  has(key: string): boolean;
  /** How often a value was there, and how often it was made. */
  readonly counts: { readonly hits: number; readonly misses: number };
}

/** @param most values that are kept; the one that was not asked for longest goes first */
export function createCache<T>(most: number): Cache<T> {
  const values = new Map<string, Promise<T>>();
  const counts = { hits: 0, misses: 0 };
  return {
    counts,
    has: (key) => values.has(key),
    get(key, make) {
      const known = values.get(key);
      if (known !== undefined) {
        counts.hits += 1;
        values.delete(key); // a Map is in the order of insertion
        values.set(key, known);
        return known;
      }
      counts.misses += 1;
      const made = make();
      values.set(key, made);
      made.catch(() => {
        if (values.get(key) === made) values.delete(key);
      });
      if (values.size > most) values.delete(values.keys().next().value!);
      return made;
    },
  };
}
