/** A run of letters, combining marks and digits of any script is a word. */
const WORD = /[\p{L}\p{M}\p{N}]+/gu;
/** Where a sentence ends: words on both sides are no neighbors. */
const SENTENCE_END = /[.!?;\n]+/u;

/**
 * What is counted of a text: its words (lower case, NFC) and, as `first second`, its pairs of neighbors within a sentence. The
 * pairs keep the order that a bag of words loses: who is liked and who is not.
 */
export function featuresOf(text: string): string[] {
  const features: string[] = [];
  for (const sentence of text.normalize('NFC').toLowerCase().split(SENTENCE_END)) {
    const words: readonly string[] = sentence.match(WORD) ?? [];
    words.forEach((word, at) => {
      features.push(word);
      if (at > 0) features.push(`${words[at - 1]!} ${word}`);
    });
  }
  return features;
}

/** Whether a feature is a word and not a pair. */
export const isWord = (feature: string): boolean => !feature.includes(' ');
