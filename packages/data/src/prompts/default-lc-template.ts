import { defaultItemFormat, defaultListFormat } from './default-formats.js';
import { defaultVerdictPatterns } from './default-verdict-patterns.js';
import { lcTemplateSchema, type LcForm, type LcTemplate } from './lc-template.js';

const MARKS = ['<|im_start|>', '<|im_end|>', '<|endoftext|>', '</s>'];
const QUESTION = 'Does the user like it?';

/** Reasons of the kind that a policy writes, two for each answer; none states the outcome. */
const rows: NonNullable<LcForm['examples']>['rows'] = [
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
];

const fewShot: LcForm = {
  form: 'completion',
  text: `{examples}{history}Movie: {item}\nAnalysis: {explanation}\n${QUESTION}`,
  answers: { yes: ' Yes', no: ' No' },
  question: QUESTION,
  fieldNames: ['Analysis:', 'Answer:'],
  delimiters: ['Movie:', 'Liked before:', 'Disliked before:', ...MARKS],
  examples: { text: `Movie: {item}\nAnalysis: {explanation}\n${QUESTION}{answer}\n\n`, rows },
};

const chat: LcForm = {
  form: 'chat',
  messages: [
    {
      role: 'user',
      content: `{history}Movie: {item}\nAnalysis of the user's taste: {explanation}\n\nWould the user like this movie? Answer with Yes or No.`,
    },
  ],
  answers: { yes: 'Yes', no: 'No' },
  question: 'Would the user like this movie? Answer with Yes or No.',
  fieldNames: ["Analysis of the user's taste:", 'Analysis:', 'Answer:'],
  delimiters: ['Movie:', 'Liked before:', 'Disliked before:', ...MARKS],
};

const continuation: LcForm = {
  form: 'completion',
  text: '{history}Movie: {item}\nAnalysis: {explanation} So the user will',
  answers: { yes: ' like', no: ' dislike' },
  question: 'So the user will',
  fieldNames: ['Analysis:'],
  delimiters: ['Movie:', 'Liked before:', 'Disliked before:', ...MARKS],
};

/** The default LC prompt, in three forms: `few-shot`, `chat`, `continuation`. */
export const defaultLcTemplate: LcTemplate = lcTemplateSchema.parse({
  kind: 'lc',
  version: 1,
  name: 'default',
  item: defaultItemFormat,
  list: defaultListFormat,
  withHistory: false,
  history: 'Liked before: {liked}\nDisliked before: {disliked}\n',
  forms: { 'few-shot': fewShot, chat, continuation },
  verdictPatterns: [...defaultVerdictPatterns],
  contentFree: [
    { title: 'N/A', explanation: 'N/A' },
    { title: '', explanation: '' },
    { title: '[MASK]', explanation: '[MASK]' },
  ],
} satisfies LcTemplate);
