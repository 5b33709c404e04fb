/** Something that holds memory until it is disposed of. */
export interface Disposable {
  dispose(): Promise<void>;
}

interface Entry<F> {
  readonly made: Promise<F>;
  users: number;
}

/** Compiled functions by shape, at most `limit` of them: the one that was used longest ago makes room. */
export class CompiledCache<F extends Disposable> {
  readonly #entries = new Map<string, Entry<F>>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Number of functions that are held. */
  get size(): number {
    return this.#entries.size;
  }

  /** Runs `work` with the function for `key`, made by `make` where it is not there yet; it is not disposed of meanwhile. */
  async use<R>(key: string, make: () => Promise<F>, work: (compiled: F) => Promise<R>): Promise<R> {
    let entry = this.#entries.get(key);
    if (entry === undefined) await this.#evict(this.#limit - 1); // before the next is made: both may not fit into memory
    entry = this.#entries.get(key) ?? { made: make(), users: 0 };
    this.#entries.delete(key);
    this.#entries.set(key, entry); // last = newest
    entry.users += 1;
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
