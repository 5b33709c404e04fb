import type { ItemContent, Pair } from '../pairs/pair.js';

/** A past item beside what it has in common with the target. */
export interface EvidenceItem {
  /** Null for an item that the request described without an id. */
  readonly item: string | null;
  readonly title: string;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  readonly year: number | null;
  /** Values of attributes that the target has, too. */
  readonly shared: Readonly<Record<string, readonly string[]>>;
}

/** What an explanation rests on: the history that the language model is shown, and the target. */
export interface Evidence {
  readonly target: Omit<EvidenceItem, 'shared'>;
  /** What the user liked, newest first. */
  readonly liked: readonly EvidenceItem[];
  /** What the user did not, newest first. */
  readonly disliked: readonly EvidenceItem[];
}

/** The evidence of a pair. */
export function evidenceOf({ target, history }: Pair): Evidence {
  const past = (liked: boolean): EvidenceItem[] =>
    history
      .filter((event) => event.liked === liked)
      .map(({ item }) => ({ ...plain(item), shared: sharedWith(target, item) }))
      .reverse();
  return { target: plain(target), liked: past(true), disliked: past(false) };
}

function plain({ id, title, attributes, year }: ItemContent): Omit<EvidenceItem, 'shared'> {
  return { item: id.startsWith('\u0000') ? null : id, title, attributes, year: Number.isNaN(year) ? null : year };
}

function sharedWith(target: ItemContent, item: ItemContent): Record<string, string[]> {
  const shared = Object.entries(item.attributes).map(([name, values]): [string, string[]] => [
    name,
    values.filter((value) => target.attributes[name]?.includes(value) === true),
  ]);
  return Object.fromEntries(shared.filter(([, values]) => values.length > 0));
}
