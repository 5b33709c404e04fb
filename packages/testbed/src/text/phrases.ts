/** What a writer says of an attribute that speaks for the item: `grim delights them.` */
export const FOR: readonly string[] = ['delights', 'pleases', 'suits'];

/** What a writer says of one that speaks against it: `castle bores them.` */
export const AGAINST: readonly string[] = ['bores', 'annoys', 'repels'];

/** The end of such a sentence. */
export const THEM = 'them.';

/** What a writer says who sees no reason. */
export const NO_REASON = 'nothing stands out.';

/** What the visible history says of an attribute: more liked than disliked, the other way round, as many of both, not there. */
export const NOTES = ['liked', 'disliked', 'mixed', 'new'] as const;
/** One of the four. */
export type Note = (typeof NOTES)[number];
