/** Something that holds memory until it is disposed of, as a compiled function does. */
export interface Disposable {
  /** Gives the memory back. */
  dispose(): Promise<void>;
}

interface Entry<F> {
  readonly made: Promise<F>;
  users: number;
  uses: number;
}

/** What a {@link CompiledCache} holds under one key. */
export interface CachedFunction {
  /** The shape, or whatever else the function was compiled for. */
  readonly key: string;
  /** How often it was asked for since it was made. */
  readonly uses: number;
  /** Whether some work runs with it now, so that it cannot make room. */
  readonly inUse: boolean;
}

/** Number of rows rounded up to 1, 2, 3, 4, 6, 8, 12, 16, 24, …: at most half as many again, and few shapes to compile. */
export function bucketRows(count: number): number {
  let size = 1;
  while (size < count) size = size < 4 ? size + 1 : (size & (size - 1)) === 0 ? (size * 3) / 2 : (size * 4) / 3;
  return size;
}

/**
 * Compiled functions by shape, at most `limit` of them: the one that was used longest ago makes room. Compiled functions have static
 * shapes, so whoever meets many sizes rounds them up ({@link bucketRows}) and keeps one function for each.
 */
export class CompiledCache<F extends Disposable> {
  readonly #entries = new Map<string, Entry<F>>();

  /** Most functions that are held; more only while that many are in use at once. */
  readonly limit: number;

  /** @param limit most functions to hold */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** What is held, the function that was used longest ago first: it goes next. */
  inspect(): CachedFunction[] {
    return Array.from(this.#entries, ([key, { uses, users }]) => ({ key, uses, inUse: users > 0 }));
  }

  /** Number of functions that are held. */
  get size(): number {
    return this.#entries.size;
  }

  /** Runs `work` with the function for `key`, made by `make` where it is not there yet; it is not disposed of meanwhile. */
  async use<R>(key: string, make: () => Promise<F>, work: (compiled: F) => Promise<R>): Promise<R> {
    let entry = this.#entries.get(key);
    if (entry === undefined) await this.#evict(this.limit - 1); // before the next is made: both may not fit into memory
    entry = this.#entries.get(key) ?? { made: make(), users: 0, uses: 0 };
    this.#entries.delete(key);
    this.#entries.set(key, entry); // last = newest
    entry.users += 1;
    entry.uses += 1;
    try {
      return await work(await entry.made);
    } catch (error) {
      await entry.made.catch(() => this.#entries.delete(key));
      throw error;
    } finally {
      entry.users -= 1;
    }
  }

  /** Disposes of all functions. */
  async clear(): Promise<void> {
    await this.#evict(0);
  }

  async #evict(keep: number): Promise<void> {
    for (const [key, entry] of [...this.#entries]) {
      if (this.#entries.size <= keep) return;
      if (entry.users > 0) continue;
      this.#entries.delete(key);
      await (await entry.made).dispose();
    }
  }
}
