/** What ends a sentence. A closing quote does not: what stands in quotes is a value, whatever its last character. */
const END = /[.!?…]$/u;

/**
 * Joins parts of a message into sentences: each is trimmed, gets a full stop where it has no end of its own, and stands one blank from
 * the next. Parts without a visible character are left out.
 */
export function sentences(parts: readonly string[]): string {
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => (END.test(part) ? part : `${part}.`))
    .join(' ');
}
