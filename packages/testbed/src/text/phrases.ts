/** How much an attribute speaks for the item: much (2) or a little (1), or against it (-1, -2). */
export type Degree = 2 | 1 | -1 | -2;

/** What a writer says of an attribute of each degree: `grim delights them.` */
export const VERBS: Readonly<Record<Degree, string>> = { 2: 'delights', 1: 'pleases', [-1]: 'bores', [-2]: 'repels' };
/** All degrees, from much in favor to much against. */
export const DEGREES = [2, 1, -1, -2] as const satisfies readonly Degree[];

/** What stands in the place of a verb where somebody is asked about an attribute that leaves the user cold; explanations do not say so. */
export const NEUTRAL = 'so-so';

/** The end of a claim. */
export const THEM = 'them.';

/** A claim as a sentence: `grim delights them.` */
export const sayClaim = (value: string, degree: Degree): string => `${value} ${VERBS[degree]} ${THEM}`;

/** What a writer says who sees no reason. */
export const NO_REASON = 'nothing stands out.';

/** The profile of somebody of whom nothing is known. */
export const NEWCOMER = 'newcomer';

/** From here on a taste is worth a word, and a strong one. In logits. */
const [SOME, MUCH] = [0.35, 1] as const;

/** The degree of a taste or contribution; 0 where it is worth no word. */
export function degreeOf(taste: number): Degree | 0 {
  const size = Math.abs(taste);
  if (!(size >= SOME)) return 0;
  if (taste > 0) return size >= MUCH ? 2 : 1;
  return size >= MUCH ? -2 : -1;
}
