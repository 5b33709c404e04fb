/** Numbers the distinct ids of a batch in the order of their first appearance. */
export interface Slots {
  /** The ids by number; those beyond `count` are left over. */
  readonly ids: Int32Array;
  /** How many there are. */
  readonly count: number;
  /** The number of an id, a new one where it has none. */
  of(id: number): number;
  /** Forgets all of them. */
  clear(): void;
}

/** @param range ids lie below it */
export function createSlots(range: number): Slots {
  const numberOf = new Int32Array(range).fill(-1);
  let ids = new Int32Array(Math.min(range, 1024));
  let count = 0;
  return {
    get ids() {
      return ids;
    },
    get count() {
      return count;
    },
    of(id) {
      const known = numberOf[id]!;
      if (known >= 0) return known;
      if (count === ids.length) {
        const wider = new Int32Array(Math.min(range, 2 * count));
        wider.set(ids);
        ids = wider;
      }
      ids[count] = id;
      numberOf[id] = count;
      return count++;
    },
    clear() {
      for (let k = 0; k < count; k += 1) numberOf[ids[k]!] = -1;
      count = 0;
    },
  };
}
