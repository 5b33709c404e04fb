/** What a prompt shows of an item. */
export interface ItemText {
  /** The title, as the dataset has it. */
  readonly title: string;
  /** Multi-valued attributes by name: `{ genres: ['Comedy', 'Drama'] }`. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  /** Numbers by name, as they are written, with their unit: `{ price: '89 EUR' }`. */
  readonly numbers?: Readonly<Record<string, string>> | undefined;
}

/** A user's history as a prompt shows it, each list oldest first (newest last). */
export interface HistoryText {
  /** Items with label 1. */
  readonly liked: readonly ItemText[];
  /** Items with label 0. */
  readonly disliked: readonly ItemText[];
}
