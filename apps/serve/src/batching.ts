/** What a batcher computes with. */
export interface BatcherOptions<T, R> {
  /** Results of some items, in their order. */
  readonly run: (items: readonly T[]) => Promise<ArrayLike<R>>;
  /** At most so many items a call of `run`. */
  readonly most: number;
  /** Milliseconds that a batch waits for further items; 0: those that come in the same turn of the event loop. */
  readonly wait: number;
  /** Items that may wait. */
  readonly queue: number;
  /** What to throw where more would wait. @param seconds after which there will be room, by the pace so far */
  readonly full: (seconds: number) => Error;
  /** Told of every call of `run`: how many items, and how long it took. */
  readonly onBatch?: (items: number, seconds: number) => void;
}

/** Puts items of many requests into one computation. */
export interface Batcher<T, R> {
  /** Results of the items in their order. @throws what `full` makes, at once, where too many wait */
  submit(items: readonly T[]): Promise<R[]>;
  /** Items that wait or are being computed. */
  readonly waiting: number;
}

interface Waiting<T, R> {
  readonly items: readonly T[];
  readonly results: R[];
  /** Items that were given to a batch. */
  taken: number;
  readonly resolve: (results: R[]) => void;
  readonly reject: (error: unknown) => void;
}

/** A pace that is not known yet, in items a second. */
const UNKNOWN_PACE = 1000;

/**
 * Collects what is asked for while another batch is computed, or within `wait` milliseconds, and computes it together, the oldest first.
 * A request of more than `most` items is computed in several batches. Where a batch fails, all requests that it has items of do.
 */
export function createBatcher<T, R>({ run, most, wait, queue, full, onBatch }: BatcherOptions<T, R>): Batcher<T, R> {
  const requests: Waiting<T, R>[] = [];
  let waiting = 0;
  let pace = UNKNOWN_PACE;
  let busy = false;

  function begin(): void {
    if (busy) return;
    busy = true;
    if (wait > 0 && waiting < most) setTimeout(() => void drain(), wait);
    else setImmediate(() => void drain());
  }

  async function drain(): Promise<void> {
    while (requests.length > 0) await batch();
    busy = false;
  }

  async function batch(): Promise<void> {
    const parts: { request: Waiting<T, R>; from: number; to: number }[] = [];
    const items: T[] = [];
    while (items.length < most && requests.length > 0) {
      const request = requests[0]!;
      const from = request.taken;
      const to = Math.min(request.items.length, from + most - items.length);
      for (let at = from; at < to; at += 1) items.push(request.items[at]!);
      request.taken = to;
      parts.push({ request, from, to });
      if (to === request.items.length) requests.shift();
    }
    const started = performance.now();
    try {
      const results = await run(items);
      let at = 0;
      for (const { request, from, to } of parts) {
        for (let k = from; k < to; k += 1) request.results[k] = results[at++]!;
        if (to === request.items.length) request.resolve(request.results);
      }
    } catch (error) {
      for (const { request } of parts) {
        request.reject(error);
        if (requests[0] === request) {
          requests.shift();
          waiting -= request.items.length - request.taken;
        }
      }
    }
    waiting -= items.length;
    const seconds = (performance.now() - started) / 1000;
    pace = 0.8 * pace + 0.2 * (items.length / Math.max(seconds, 1e-6));
    onBatch?.(items.length, seconds);
  }

  return {
    get waiting() {
      return waiting;
    },
    submit(items) {
      if (items.length === 0) return Promise.resolve([]);
      if (waiting + items.length > queue) return Promise.reject(full(Math.max(1, Math.ceil(waiting / pace))));
      waiting += items.length;
      return new Promise((resolve, reject) => {
        requests.push({ items, results: new Array<R>(items.length), taken: 0, resolve, reject });
        begin();
      });
    },
  };
}
