import type { Words } from './words.js';

/** Slots of templates for the words of a dataset. They are filled once, before any prompt is made. */
export const WORD_SLOTS = [
  'noun',
  'Noun',
  'nouns',
  'Nouns',
  'aNoun',
  'choose',
  'like',
  'dislike',
  'didLike',
  'didDislike',
  'DidLike',
  'DidDislike',
] as const;
/** A slot for a word. */
export type WordSlot = (typeof WORD_SLOTS)[number];

/** The words of a dataset by the slots that they fill; a capital at the slot's beginning gives one to the word. */
export function wordValues(
  words: Pick<Words, 'noun' | 'plural' | 'choose' | 'like' | 'dislike' | 'liked' | 'disliked'>,
): Record<WordSlot, string> {
  const { noun, plural, choose, like, dislike, liked, disliked } = words;
  return {
    noun,
    Noun: capital(noun),
    nouns: plural,
    Nouns: capital(plural),
    aNoun: `${article(noun)} ${noun}`,
    choose,
    like,
    dislike,
    didLike: liked,
    didDislike: disliked,
    DidLike: capital(liked),
    DidDislike: capital(disliked),
  };
}

/** `an` before a vowel as it is spoken, as far as spelling tells. */
export function article(noun: string): 'a' | 'an' {
  if (/^(?:uni|use|user|usu|eu|one|once|ubi)/iu.test(noun)) return 'a';
  return /^(?:[aeiou]|hour|honest|honou?r|heir)/iu.test(noun) ? 'an' : 'a';
}

function capital(word: string): string {
  const [first = ''] = word;
  return `${first.toUpperCase()}${word.slice(first.length)}`;
}
