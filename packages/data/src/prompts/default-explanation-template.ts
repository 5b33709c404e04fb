import { defaultItemFormat, defaultListFormat } from './default-formats.js';
import { defaultVerdictPatterns } from './default-verdict-patterns.js';
import { explanationTemplateSchema, type ExplanationTemplate } from './explanation-template.js';

const QUESTION =
  'Step by step, give the reasons why this user would or would not choose this movie, from what they liked and disliked. ' +
  'Give reasons only and do not say whether they would choose it. Write one short paragraph.';

const LEAD = 'Each analysis gives, step by step, the reasons why a user would or would not choose a movie.';

const ASKED = 'Liked: {liked}\nDisliked: {disliked}\nMovie: {target}';

/**
 * One solved example: models of the smallest sizes follow an example far better than an instruction. It gives one reason for
 * and one against, so that it leans to neither side.
 */
const EXAMPLE = [
  'Liked: "Alien (1979)" (genres: Horror, Sci-Fi); "Blade Runner (1982)" (genres: Sci-Fi, Thriller)',
  'Disliked: "Notting Hill (1999)" (genres: Comedy, Romance)',
  'Movie: "Solaris (1972)" (genres: Drama, Romance, Sci-Fi)',
].join('\n');
const EXAMPLE_ANALYSIS =
  'First, they liked dark science fiction such as Alien and Blade Runner, and Solaris is slow and serious science fiction. ' +
  'Second, they disliked the romance of Notting Hill, and a love story stands at the center of Solaris.';

/** The default explanation prompt: step-by-step reasons for or against the target, from what the user liked and disliked. */
export const defaultExplanationTemplate: ExplanationTemplate = explanationTemplateSchema.parse({
  kind: 'explanation',
  version: 1,
  name: 'default',
  item: defaultItemFormat,
  list: defaultListFormat,
  forms: {
    chat: {
      messages: [
        { role: 'user', content: `${EXAMPLE}\n\n${QUESTION}` },
        { role: 'assistant', content: EXAMPLE_ANALYSIS },
        { role: 'user', content: `${ASKED}\n\n${QUESTION}` },
      ],
    },
    completion: {
      text: `${LEAD}\n\n${EXAMPLE}\nAnalysis: ${EXAMPLE_ANALYSIS}\n\n${ASKED}\nAnalysis:`,
      shortText: `${LEAD}\n\n${ASKED}\nAnalysis:`,
    },
  },
  stop: ['\n'],
  delimiters: [
    'Target movie:',
    'Movies this user liked',
    'Movies this user disliked',
    '<|im_start|>',
    '<|im_end|>',
    '<|endoftext|>',
    '</s>',
  ],
  fieldNames: ['Analysis:'],
  verdictPatterns: [...defaultVerdictPatterns],
} satisfies ExplanationTemplate);
