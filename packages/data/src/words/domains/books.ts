import type { Domain } from '../words.js';

/** Books. */
export const books: Domain = {
  name: 'books',
  noun: 'book',
  plural: 'books',
  choose: 'read',
  examples: {
    explanation: {
      liked: [
        { title: 'The Hound of the Baskervilles', attributes: { author: ['Arthur Conan Doyle'], genres: ['Mystery', 'Classics'] } },
        { title: 'And Then There Were None', attributes: { author: ['Agatha Christie'], genres: ['Mystery', 'Thriller'] } },
      ],
      disliked: [{ title: 'Wuthering Heights', attributes: { author: ['Emily Brontë'], genres: ['Romance', 'Classics'] } }],
      target: { title: 'Rebecca', attributes: { author: ['Daphne du Maurier'], genres: ['Mystery', 'Romance'] } },
      analysis:
        'First, they liked puzzles with a guilty secret such as The Hound of the Baskervilles and And Then There Were None, and Rebecca keeps a secret to its last pages. ' +
        'Second, they disliked the gloomy love of Wuthering Heights, and a gloomy marriage stands at the center of Rebecca.',
    },
    reading: [
      {
        title: 'The Murder of Roger Ackroyd',
        attributes: { author: ['Agatha Christie'], genres: ['Mystery'] },
        explanation:
          'They gave their best marks to tidy puzzles such as The Moonstone and Death on the Nile, and this one has the same fair clues and a closed circle of suspects.',
        answer: 'yes',
      },
      {
        title: 'Persuasion',
        attributes: { author: ['Jane Austen'], genres: ['Romance', 'Classics'] },
        explanation:
          'They disliked Jane Eyre and Middlemarch, long courtships bore them, and this one is a long courtship from start to end.',
        answer: 'no',
      },
      {
        title: 'Blood Meridian',
        attributes: { author: ['Cormac McCarthy'], genres: ['Western'] },
        explanation:
          'Nearly everything they liked is gentle family comedy, they put aside every violent novel in their history, and this one is cruel and bleak.',
        answer: 'no',
      },
      {
        title: 'The House at Pooh Corner',
        attributes: { author: ['A. A. Milne'], genres: ['Children', 'Humor'] },
        explanation:
          'They liked Paddington and The Wind in the Willows, they keep coming back to warm stories about animals, and this one has the same gentle humor.',
        answer: 'yes',
      },
    ],
  },
};
