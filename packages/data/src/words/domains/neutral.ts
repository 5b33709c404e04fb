import { fill } from '../../prompts/slots.js';
import { wordValues } from '../word-slots.js';
import type { Examples, Words } from '../words.js';

/** Words that fit whatever an item may be. */
export const NEUTRAL = {
  noun: 'item',
  plural: 'items',
  choose: 'choose',
  like: 'like',
  dislike: 'dislike',
  liked: 'liked',
  disliked: 'disliked',
} as const;

const item = (letter: string, ...kind: readonly string[]): Examples['explanation']['target'] => ({
  title: `Example ${letter}`,
  attributes: { kind: [...kind] },
});

const FOR = 'They {didLike} Example A and Example B, and Example C is of the same kind, small.';
const AGAINST = 'They {didDislike} Example D, and Example E is of the same kind, heavy.';

/** Worked examples about nothing in particular, in the given words. */
export function neutralExamples(words: Parameters<typeof wordValues>[0]): Examples {
  const values = wordValues(words);
  const said = (text: string): string => fill(text, values);
  return {
    explanation: {
      liked: [item('A', 'small', 'red'), item('B', 'small')],
      disliked: [item('D', 'heavy')],
      target: item('F', 'small', 'heavy'),
      analysis: said(
        'First, they {didLike} Example A and Example B, and Example F is of the same kind, small. ' +
          'Second, they {didDislike} Example D, and Example F is of the same kind, heavy.',
      ),
    },
    reading: [
      { ...item('C', 'small'), explanation: said(FOR), answer: 'yes' },
      { ...item('E', 'heavy'), explanation: said(AGAINST), answer: 'no' },
      {
        ...item('G', 'loud'),
        explanation: said('They {didDislike} Example H and Example I, and Example G is of the same kind, loud.'),
        answer: 'no',
      },
      {
        ...item('J', 'blue', 'round'),
        explanation: said('Most {nouns} that they {didLike} are of the kind round, and Example J is of that kind, too.'),
        answer: 'yes',
      },
    ],
  };
}

/** Neutral words, complete. */
export const neutralWords: Words = {
  schema: 'words/1',
  domain: 'items',
  ...NEUTRAL,
  units: {},
  examplesFrom: 'neutral',
  examples: neutralExamples(NEUTRAL),
};
