import { inWords } from '../words/in-words.js';
import { wordsOfDomain } from '../words/domain-words.js';
import { movies } from '../words/domains/movies.js';
import { defaultItemFormat, defaultListFormat } from './default-formats.js';
import { verdictPatterns } from './default-verdict-patterns.js';
import { lcTemplateSchema, type LcForm, type LcTemplate } from './lc-template.js';

const MARKS = ['<|im_start|>', '<|im_end|>', '<|endoftext|>', '</s>'];
const DELIMITERS = ['{Noun}:', '{DidLike} before:', '{DidDislike} before:', ...MARKS];
const QUESTION = 'Does the user {like} it?';
const CHAT_QUESTION = 'Would the user {like} this {noun}? Answer with Yes or No.';

const fewShot: LcForm = {
  form: 'completion',
  text: `{examples}{history}{Noun}: {item}\nAnalysis: {explanation}\n${QUESTION}`,
  answers: { yes: ' Yes', no: ' No' },
  question: QUESTION,
  fieldNames: ['Analysis:', 'Answer:'],
  delimiters: DELIMITERS,
  examples: { text: `{Noun}: {item}\nAnalysis: {explanation}\n${QUESTION}{answer}\n\n` },
};

const chat: LcForm = {
  form: 'chat',
  messages: [
    {
      role: 'user',
      content: `{history}{Noun}: {item}\nAnalysis of the user's taste: {explanation}\n\n${CHAT_QUESTION}`,
    },
  ],
  answers: { yes: 'Yes', no: 'No' },
  question: CHAT_QUESTION,
  fieldNames: ["Analysis of the user's taste:", 'Analysis:', 'Answer:'],
  delimiters: DELIMITERS,
};

const continuation: LcForm = {
  form: 'completion',
  text: '{history}{Noun}: {item}\nAnalysis: {explanation} So the user will',
  answers: { yes: ' {like}', no: ' {dislike}' },
  question: 'So the user will',
  fieldNames: ['Analysis:'],
  delimiters: DELIMITERS,
};

/**
 * The built-in LC prompt, in three forms: `few-shot`, `chat`, `continuation`. It has slots for the words of a dataset, which
 * {@link inWords} fills, and its solved examples are those of the words.
 */
export const slottedLcTemplate: LcTemplate = lcTemplateSchema.parse({
  kind: 'lc',
  version: 1,
  name: 'default',
  item: defaultItemFormat,
  list: defaultListFormat,
  withHistory: false,
  history: '{DidLike} before: {liked}\n{DidDislike} before: {disliked}\n',
  forms: { 'few-shot': fewShot, chat, continuation },
  verdictPatterns: [...verdictPatterns],
  contentFree: [
    { title: 'N/A', explanation: 'N/A' },
    { title: '', explanation: '' },
    { title: '[MASK]', explanation: '[MASK]' },
  ],
} satisfies LcTemplate);

/** The built-in LC prompt in the words of movies. For other data, fill {@link slottedLcTemplate} with its words. */
export const defaultLcTemplate: LcTemplate = inWords(slottedLcTemplate, wordsOfDomain(movies));
