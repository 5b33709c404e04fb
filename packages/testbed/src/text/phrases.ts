/** What a writer says of an attribute that speaks for the item: `grim delights them.` */
export const FOR: readonly string[] = ['delights', 'pleases', 'suits'];

/** What a writer says of one that speaks against it: `castle bores them.` */
export const AGAINST: readonly string[] = ['bores', 'annoys', 'repels'];

/** The end of such a sentence. */
export const THEM = 'them.';

/** What a writer says who sees no reason. */
export const NO_REASON = 'nothing stands out.';

/**
 * What the visible history says of an attribute: clearly more liked than disliked, more, the other way round, clearly so, as many of
 * both, not there.
 */
export const NOTES = ['loved', 'liked', 'disliked', 'hated', 'mixed', 'new'] as const;
/** One of them. */
export type Note = (typeof NOTES)[number];
