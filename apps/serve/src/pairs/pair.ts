/** An item with all that a model or a prompt may know of it. */
export interface ItemContent {
  /** Its id; one that the run has not seen is unknown to the model, and its attributes count all the same. */
  readonly id: string;
  readonly title: string;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  /** NaN where unknown. */
  readonly year: number;
  readonly numbers: Readonly<Record<string, number>>;
}

/** What a user did before. */
export interface PastEvent {
  readonly item: ItemContent;
  readonly liked: boolean;
}

/** A user and an item with everything that is said of them: plain data, so that another process can be told of it. */
export interface Pair {
  /** An id that the run has not seen is unknown to the model. */
  readonly userId: string;
  readonly target: ItemContent;
  /** Oldest first. */
  readonly history: readonly PastEvent[];
  /** The interaction of the run whose explanation this is about; null where the run explained no such pair. */
  readonly interaction: number | null;
}

/** An item as a request names it: by an id of the run, or described. */
export type AskedItem =
  | { readonly known: string }
  | {
      readonly id?: string;
      readonly title?: string;
      readonly attributes?: Readonly<Record<string, readonly string[]>>;
      readonly year?: number;
      readonly numbers?: Readonly<Record<string, number>>;
    };

/** A user as a request names it: by an id of the run, or by a history. */
export type AskedUser =
  | { readonly known: string }
  | { readonly id?: string; readonly history?: readonly { readonly item: AskedItem; readonly liked: boolean }[] };

/** A pair as a request names it. */
export interface AskedPair {
  readonly user: AskedUser;
  readonly item: AskedItem;
}
