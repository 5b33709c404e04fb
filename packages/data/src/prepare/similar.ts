import type { Rows } from './rows.js';

/** Attribute codes of items: item i has `codes[offsets[i] .. offsets[i + 1])`. */
export interface ItemAttributes {
  readonly offsets: Uint32Array;
  readonly codes: Int32Array;
  /** How many different codes there are. */
  readonly size: number;
}

/**
 * Fills `target` with those of the rows `allowed[0 .. count)` whose items share most attributes with `row`'s; of equals the newest.
 * There are more of them than `target` holds.
 */
export function createSimilarity({ item }: Pick<Rows, 'item'>, { offsets, codes, size }: ItemAttributes) {
  const markedFor = new Int32Array(size).fill(-1);
  let shared = new Int32Array(1 << 10);
  return (row: number, allowed: Uint32Array, count: number, target: Uint32Array): void => {
    if (count > shared.length) shared = new Int32Array(2 * count);
    const own = item[row]!;
    for (let i = offsets[own]!; i < offsets[own + 1]!; i += 1) markedFor[codes[i]!] = row;
    const having = new Uint32Array(offsets[own + 1]! - offsets[own]! + 1); // how many rows share so many attributes
    for (let k = 0; k < count; k += 1) {
      const other = item[allowed[k]!]!;
      let common = 0;
      for (let i = offsets[other]!; i < offsets[other + 1]!; i += 1) if (markedFor[codes[i]!] === row) common += 1;
      shared[k] = common;
      having[common]! += 1;
    }
    let threshold = having.length - 1;
    let above = 0;
    while (above + having[threshold]! < target.length) {
      above += having[threshold]!;
      threshold -= 1;
    }
    let atThreshold = target.length - above;
    let at = target.length;
    for (let k = count - 1; at > 0; k -= 1) {
      if (shared[k]! > threshold || (shared[k] === threshold && atThreshold-- > 0)) target[--at] = allowed[k]!;
    }
  };
}

/** Numbers the values of all attributes, so that equal values of one attribute have one code. An item that names a value twice has it once. */
export function codeAttributes(attributes: Readonly<Record<string, readonly (readonly string[])[]>>, items: number): ItemAttributes {
  const codeOf = new Map<string, number>();
  const offsets = new Uint32Array(items + 1);
  const codes: number[] = [];
  for (let item = 0; item < items; item += 1) {
    const own = new Set<number>();
    for (const [name, lists] of Object.entries(attributes)) {
      for (const value of lists[item] ?? []) {
        const key = JSON.stringify([name, value]);
        let code = codeOf.get(key);
        if (code === undefined) codeOf.set(key, (code = codeOf.size));
        own.add(code);
      }
    }
    codes.push(...own);
    offsets[item + 1] = codes.length;
  }
  return { offsets, codes: Int32Array.from(codes), size: codeOf.size };
}
