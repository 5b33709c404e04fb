import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stripVerdict } from '../src/prompts/verdict.js';

/** Sentences that state the outcome and give no reason, or none that can simply be cut out. */
const verdicts = [
  'The user would love it.',
  'They would avoid it.',
  'They will not like this movie.',
  "They won't like this movie.",
  "They wouldn't enjoy it.",
  "They'd love this one.",
  "They'll hate it.",
  "He'd probably skip this film.",
  'She will definitely watch it.',
  'The user will likely enjoy this movie.',
  'This user would not choose it.',
  'So the user will like it.',
  'So the user will dislike it.',
  'So the answer is yes.',
  'The answer is no.',
  "The answer's yes.",
  'Answer: Yes',
  'Yes.',
  'No.',
  'Yes, they would.',
  'No, the user would not pick it.',
  'No, it is not for them.',
  'I recommend it.',
  'I would not recommend this movie to them.',
  'Highly recommended!',
  'Not recommended.',
  "It's not a good fit.",
  'This is a great match for the user.',
  'A perfect choice.',
  'It is a poor fit for this user.',
  "It isn't a match.",
  'They are unlikely to enjoy this.',
  'The user is likely to choose it.',
  'It is unlikely that they pick this film.',
  'There is a high chance of them liking it.',
  'They like this movie.',
  "They don't like it.",
  'The user does not like this film.',
  "The user doesn't want to watch it.",
  "They can't stand this movie.",
  'The user disliked it.',
  'They loved this one!',
  'They might enjoy it.',
  'They should watch it.',
  'The user may not appreciate this movie.',
  'The user would have hated it.',
  'They are going to love it.',
  'They are not interested in this movie.',
  'This movie would not appeal to them.',
  'This film does not appeal to the user.',
  'It would bore them.',
  'They would be disappointed.',
  'The movie matches their taste.',
  'This movie does not match the user’s preferences.',
  'It is right up their alley.',
  "It's not their thing.",
  'This is worth watching.',
  'A must-see.',
  'Thumbs down.',
  'Rating: 5 out of 5',
  '5 out of 5 stars.',
  'They would give it five stars.',
  'In conclusion, the user likes.',
  'Verdict: like',
  'Overall, a definite yes.',
  'Would they like it? They would.',
  'They like comedies, but they would hate this one.',
  'Although they like dramas, they will not enjoy it.',
  'They would love it and its dark humor.',
  'They would enjoy a good comedy like this.',
];

/** Sentences that give reasons; they stay as they are. */
const reasons = [
  'Among the liked items, comedies come up again.',
  'The disliked items share its gloom.',
  'They liked other dark thrillers.',
  'They like dark thrillers.',
  "They don't like musicals.",
  'The user enjoyed Alien and The Thing.',
  'The user never finished a romance.',
  'They dislike slow films.',
  'They have never liked animated films.',
  'The user rated every war drama low.',
  'It shares its director with Heat, which they liked.',
  'The movie is a musical, and they disliked every musical in their history.',
  'It has the same dry humor as Fargo.',
  'This film is slow and sentimental.',
  'Its genres are Comedy and Romance.',
  'They love it when the villain wins.',
  'Their history is full of science fiction.',
  'The dark tone matches their taste for thrillers.',
  'They gave Blade Runner a high mark.',
  'No romance appears among the films they liked.',
  'They did not like Titanic, a long romance.',
  "They didn't enjoy Saw or Hostel.",
  'First, they liked Toy Story and Babe, which are both family films.',
  'Second, horror is the genre they turned away from most often.',
  'They avoid gore.',
  'They prefer quiet dramas.',
  'Most of the comedies in their list are recent.',
  'The user watched four films by this director.',
  'The target is a Western, a genre that is absent from their history.',
  'They appreciate strong female leads.',
  'The user hates jump scares.',
  'They are a fan of heist movies.',
  'The story follows a lonely detective, as in Se7en.',
  'Musicals bore them.',
  'The film is light and short; they favored long epics.',
  'They chose crime dramas over comedies every time.',
  'It stars the same actor as The Matrix.',
  'They liked The Yearling and Wild Things.',
];

/** Mixed sentences of which the reason is kept. */
const mixed: readonly (readonly [string, string])[] = [
  ['They would love it because they like dark thrillers.', 'They like dark thrillers.'],
  ["They won't enjoy this movie since they dislike musicals.", 'They dislike musicals.'],
  ['Because they liked Alien and The Thing, they would enjoy this.', 'They liked Alien and The Thing.'],
  ['They liked Alien, so they will like this movie.', 'They liked Alien.'],
  ['The user disliked every musical and therefore would avoid it.', 'The user disliked every musical.'],
  ['The user would choose it due to its dark humor.', 'Its dark humor.'],
  ["It's not a good fit because the user avoids gore.", 'The user avoids gore.'],
  ['So the answer is no, because horror is absent from their history.', 'Horror is absent from their history.'],
  ['They enjoy heist films, which is why they would pick it.', 'They enjoy heist films.'],
  ['Given that they rated every war drama low, the user is unlikely to watch it.', 'They rated every war drama low.'],
];

test.each(verdicts)('a verdict goes: %s', (sentence) => {
  expect(stripVerdict(sentence)).toBe('');
});

test.each(reasons)('a reason stays: %s', (sentence) => {
  expect(stripVerdict(sentence)).toBe(sentence);
});

test.each(mixed)('of a mixed sentence the reason stays: %s', (sentence, reason) => {
  expect(stripVerdict(sentence)).toBe(reason);
});

test('reasons keep their order and their wording, whatever verdicts stand between them', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.constantFrom(...reasons).map((text) => ({ text, stays: true })),
          fc.constantFrom(...verdicts.filter((text) => /[.!]$/u.test(text))).map((text) => ({ text, stays: false })),
        ),
        {
          maxLength: 6,
        },
      ),
      (sentences) => {
        const text = sentences.map((sentence) => sentence.text).join(' ');
        expect(stripVerdict(text)).toBe(
          sentences
            .filter((sentence) => sentence.stays)
            .map((sentence) => sentence.text)
            .join(' '),
        );
      },
    ),
  );
});

test('stripping twice strips nothing more', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...verdicts, ...reasons, ...mixed.map(([text]) => text)), { maxLength: 5 }), (sentences) => {
      const once = stripVerdict(sentences.join(' '));
      expect(stripVerdict(once)).toBe(once);
    }),
  );
});

test('a template of another language brings its own patterns', () => {
  expect(stripVerdict('Sie mag düstere Filme. Sie würde ihn mögen.', ['\\bwürde\\b'])).toBe('Sie mag düstere Filme.');
});
