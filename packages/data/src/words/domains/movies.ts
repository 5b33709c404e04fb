import type { Domain } from '../words.js';

/** Films and series. */
export const movies: Domain & Required<Pick<Domain, 'examples'>> = {
  name: 'movies',
  noun: 'movie',
  plural: 'movies',
  examples: {
    explanation: {
      liked: [
        { title: 'Alien (1979)', attributes: { genres: ['Horror', 'Sci-Fi'] } },
        { title: 'Blade Runner (1982)', attributes: { genres: ['Sci-Fi', 'Thriller'] } },
      ],
      disliked: [{ title: 'Notting Hill (1999)', attributes: { genres: ['Comedy', 'Romance'] } }],
      target: { title: 'Solaris (1972)', attributes: { genres: ['Drama', 'Romance', 'Sci-Fi'] } },
      analysis:
        'First, they liked dark science fiction such as Alien and Blade Runner, and Solaris is slow and serious science fiction. ' +
        'Second, they disliked the romance of Notting Hill, and a love story stands at the center of Solaris.',
    },
    reading: [
      {
        title: 'Alien (1979)',
        attributes: { genres: ['Horror', 'Sci-Fi'] },
        explanation:
          'They gave their best marks to dark science fiction such as Blade Runner and The Thing, and this one has the same slow dread and a crew cut off from help.',
        answer: 'yes',
      },
      {
        title: 'Notting Hill (1999)',
        attributes: { genres: ['Comedy', 'Romance'] },
        explanation:
          'They disliked Pretty Woman and Sleepless in Seattle, sentimental romances bore them, and this one is a sentimental romance from start to end.',
        answer: 'no',
      },
      {
        title: 'Saw (2004)',
        attributes: { genres: ['Horror', 'Thriller'] },
        explanation:
          'Nearly everything they liked is gentle family drama, they turned away from every violent film in their history, and this one is cruel and graphic.',
        answer: 'no',
      },
      {
        title: 'Toy Story 2 (1999)',
        attributes: { genres: ['Animation', 'Children', 'Comedy'] },
        explanation:
          "They liked A Bug's Life and Babe, they keep coming back to warm animated adventures with a sense of humor, and this one has the same charm and familiar characters.",
        answer: 'yes',
      },
    ],
  },
};
